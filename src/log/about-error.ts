import { frameOf, parserPlaceOf } from '../support/stack-frames.ts';
import type { FieldTypes } from './records/record.ts';

const FOREIGN = /\/node_modules\//;

/**
 * Where in the application's code something was thrown, for a record: the first frame in a file outside node_modules, or
 * where the parser failed. No fields if that is not known. Never throws.
 */
export function aboutError(thrown: unknown): { readonly place?: FieldTypes['place'] } {
  const place = placeIn(stackOf(thrown));
  return place === null ? {} : { place };
}

function placeIn(stack: string): FieldTypes['place'] | null {
  const [head = '', ...rest] = stack.split('\n');
  const parsed = parserPlaceOf(head);
  if (parsed !== null) return { ...parsed, column: null };
  const frames = rest.flatMap((line) => frameOf(line) ?? []);
  return frames.find(({ file }) => !FOREIGN.test(file)) ?? frames[0] ?? null;
}

function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : '';
  } catch {
    // A getter or proxy of the application threw.
    return '';
  }
}
