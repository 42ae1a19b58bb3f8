import type { IncomingMessage } from 'node:http';
import { hasToken, isForeignHost } from '../admin/guard.ts';
import type { Entrance } from '../admin/pages.ts';
import { newSession, type Session, sessionOf } from './session.ts';

/** What a client may do. */
export type Access =
  | { readonly may: 'read'; readonly session: null }
  /** `session` is null for a program that sends the token with each request. */
  | { readonly may: 'change'; readonly session: Session | null }
  | { readonly may: 'nothing'; readonly status: 401 | 403; readonly why: string };

/** Of a page at that Host: cookies are kept by host name alone, and each service of a machine has a token of its own. */
function cookieName(host = ''): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? 'tsunicorn-page' : `tsunicorn-page-${port}`;
}

/** Decides who may see the page. */
export function accessOf(
  { headers }: Pick<IncomingMessage, 'headers'>,
  { isLocal, isTcp }: Entrance,
  token: string | null,
): Access {
  if (isForeignHost(headers.host ?? '', { isLocal, isTcp }))
    return nothing(403, 'the Host header names another host; ask by an IP address or localhost');
  if (token === null)
    return isLocal
      ? { may: 'read', session: null }
      : nothing(403, 'beyond the loopback interface this page needs --admin-token');
  if (headers.authorization !== undefined && hasToken(headers.authorization, token))
    return { may: 'change', session: null };
  const session = sessionIn(headers, token);
  return session === null
    ? nothing(401, 'this page needs the token of --admin-token')
    : { may: 'change', session };
}

/**
 * Why a request that changes something is not done; null where it may be. A browser sends the cookie with what our own page
 * asks for, and only that page knows what to send along with it.
 */
export function changeRefusal({ headers }: Pick<IncomingMessage, 'headers'>, access: Access): string | null {
  if (access.may === 'nothing') return access.why;
  if (access.may === 'read') return 'the page only shows, as --admin-token is not set';
  if (!isOwnOrigin(headers)) return 'another site asks for it';
  if (access.session === null || headers['x-csrf-token'] === access.session.csrf) return null;
  return 'the request does not come from the page; load the page again';
}

/** Whether a browser says that the request comes from a page of ours; a program says nothing. */
export function isOwnOrigin({ origin, host, ...headers }: IncomingMessage['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    // `null`, of a page that has no origin.
    return false;
  }
}

/** The Set-Cookie header of somebody who has given the token; `host` as in the request. */
export function cookieFor(token: string, host: string | undefined): string {
  const { value, seconds } = newSession(token);
  return `${cookieName(host)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
}

/** The Set-Cookie header of somebody who leaves. */
export function noCookie(host: string | undefined): string {
  return `${cookieName(host)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`;
}

/** The session of a request; null where it has none. */
export function sessionIn(headers: IncomingMessage['headers'], token: string): Session | null {
  return sessionOf(cookieIn(headers), token);
}

function cookieIn({ cookie = '', host }: IncomingMessage['headers']): string {
  const wanted = cookieName(host);
  const pairs = cookie.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === wanted)?.[1] ?? '';
}

function nothing(status: 401 | 403, why: string): Access {
  return { may: 'nothing', status, why };
}
