import type { IncomingMessage } from 'node:http';

/** A request whose path was shortened for the application that it is under, with Express's names. */
export interface Mounted extends IncomingMessage {
  originalUrl?: string;
  baseUrl?: string;
}

/** The target of a request as it was sent, whatever mounts and routers have made of it. */
export function originalUrl({ originalUrl, url }: Pick<Mounted, 'originalUrl' | 'url'>): string {
  return originalUrl ?? url ?? '/';
}

/** What mounts have taken from the beginning of its path; `''` where there is none. */
export function baseUrl({ baseUrl }: Mounted): string {
  return baseUrl ?? '';
}
