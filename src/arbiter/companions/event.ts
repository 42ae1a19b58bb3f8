import type { CompanionMessage } from '../../process/companion.ts';
import type { ProcessEnd } from '../../process/process-end.ts';

/** What happened to a companion's process; `id` is the order of starting. */
export type CompanionEvent = { readonly type: 'companion'; readonly id: number } & (
  | { readonly what: 'says'; readonly message: CompanionMessage }
  | { readonly what: 'ended'; readonly end: ProcessEnd }
);
