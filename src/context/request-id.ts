import { keepId, knownIdOf, requestIdOf } from '../support/request-id.ts';
import type { RequestContext } from './current.ts';
import { parentOf } from './parent.ts';

/** The id of a request: that of the request which it was forwarded from, otherwise its own. */
export function idOf({ incoming }: RequestContext): string {
  const parent = parentOf(incoming);
  if (parent !== null && parent.id !== null && knownIdOf(incoming) !== parent.id) keepId(incoming, parent.id);
  return requestIdOf(incoming);
}
