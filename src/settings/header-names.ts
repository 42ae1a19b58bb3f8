import { listOf } from './compound-kinds.ts';
import { scalar } from './kinds.ts';
import type { Kind } from './setting.ts';

const NAME = /^[!#$%&'*+.^`|~\w-]+$/;

const name = listOf(
  scalar({
    placeholder: 'names',
    expected: 'the name of a header, such as X-Forwarded-For',
    readText: read,
    readValue: (value) => (typeof value === 'string' ? read(value) : undefined),
  }),
  0,
);

/** Names of headers: as in Gunicorn, one text may have several, separated by commas; an empty one has none. */
export function headerNames(): Kind<readonly string[], string | readonly string[]> {
  return {
    ...name,
    fromTexts: (texts) => name.fromText(texts.join(',')),
    fromValue: (value) => (typeof value === 'string' ? name.fromText(value) : name.fromValue(value)),
  };
}

function read(text: string): string | undefined {
  return NAME.test(text) ? text : undefined;
}
