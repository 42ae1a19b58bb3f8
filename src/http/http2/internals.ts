import type { ServerHttp2Session } from 'node:http2';

/** What node:http2 keeps behind a symbol of that description; undefined where there is none. */
export function propertyOf<T extends object>(
  session: ServerHttp2Session,
  description: string,
): T | undefined {
  const symbol = Object.getOwnPropertySymbols(session).find((one) => one.description === description);
  return symbol === undefined ? undefined : Reflect.get(session, symbol);
}
