import type { ServerHttp2Session } from 'node:http2';

// RFC 9113, 7
const CANCEL = 8;

/** Ends a session without an error: its streams end as those that a client has cancelled. */
export function cancel(session: ServerHttp2Session): void {
  // The types want an error.
  Reflect.apply(session.destroy, session, [null, CANCEL]);
}

/** What node:http2 keeps behind a symbol of that description; undefined where there is none. */
export function propertyOf<T extends object>(
  session: ServerHttp2Session,
  description: string,
): T | undefined {
  const symbol = Object.getOwnPropertySymbols(session).find((one) => one.description === description);
  return symbol === undefined ? undefined : Reflect.get(session, symbol);
}
