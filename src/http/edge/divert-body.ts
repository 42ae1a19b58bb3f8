import type { IncomingMessage } from 'node:http';

type Push = IncomingMessage['push'];

const DIVERTED = Symbol('diverted');

interface Diverted extends IncomingMessage {
  [DIVERTED]?: Push;
}

/** Gives `push` what comes of a body in place of the request, behind the checks of it. */
export function divertBody(request: Diverted, push: Push): void {
  // Of a request in chunks it is that of guardChunks() already.
  if (Object.hasOwn(request, 'push')) request[DIVERTED] = push;
  else request.push = push;
}

/** Where a checked body goes: to the `pass` of the request itself, or where it was diverted to. */
export function behindChecks(request: Diverted, pass: Push): Push {
  return request[DIVERTED] ?? pass;
}
