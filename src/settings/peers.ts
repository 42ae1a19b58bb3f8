import { isPeerRule } from '../support/trusted-peers.ts';
import { listOf } from './compound-kinds.ts';
import { scalar } from './kinds.ts';
import type { Kind } from './setting.ts';

const rule = listOf(
  scalar({
    placeholder: 'peers',
    expected: 'an address, a network such as 10.0.0.0/8, private, unix or *',
    readText: read,
    readValue: (value) => (typeof value === 'string' ? read(value) : undefined),
  }),
  1,
);

/** The rules of TrustedPeers: as in Gunicorn, one text may have several, separated by commas. */
export function peers(): Kind<readonly string[], string | readonly string[]> {
  return {
    ...rule,
    fromTexts: (texts) => rule.fromText(texts.join(',')),
    fromValue: (value) => (typeof value === 'string' ? rule.fromText(value) : rule.fromValue(value)),
  };
}

function read(text: string): string | undefined {
  const lower = text.toLowerCase();
  return isPeerRule(lower) ? lower : undefined;
}
