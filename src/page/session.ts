/** Somebody who has given the token in a browser. */
export interface Session {
  /** What the page sends along with what changes something. */
  readonly csrf: string;
}

const SECONDS = 12 * 3600;

/**
 * The value of a cookie, valid for so many seconds: until when, a random name, and a MAC of both by the token. Nothing of
 * it is kept, so it outlives an upgrade, and ends with the token.
 */
export function newSession(token: string, nowMs = Date.now()) {
  const { randomBytes } = process.getBuiltinModule('node:crypto');
  const claim = `${Math.floor(nowMs / 1000) + SECONDS}.${randomBytes(16).toString('base64url')}`;
  return { value: `${claim}.${macOf(`session ${claim}`, token)}`, seconds: SECONDS };
}

/** The session of a cookie; null where it is none, or its time is over. */
export function sessionOf(value: string, token: string, nowMs = Date.now()): Session | null {
  const [until = '', name = '', mac = ''] = value.split('.');
  const claim = `${until}.${name}`;
  const { timingSafeEqual } = process.getBuiltinModule('node:crypto');
  const [given, wanted] = [mac, macOf(`session ${claim}`, token)].map((text) => Buffer.from(text));
  if (given === undefined || wanted === undefined || given.length !== wanted.length) return null;
  if (!timingSafeEqual(given, wanted) || Number(until) * 1000 < nowMs) return null;
  return { csrf: macOf(`csrf ${claim}`, token) };
}

function macOf(text: string, token: string): string {
  const { createHmac } = process.getBuiltinModule('node:crypto');
  return createHmac('sha256', `tsunicorn page ${token}`).update(text).digest('base64url');
}
