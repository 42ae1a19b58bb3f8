import type { IncomingMessage } from 'node:http';

const PARENT = Symbol('tsunicorn.parent');

/** What a request has of the one that forwarded it. */
export interface Parent {
  /** Null where that was no request. */
  readonly id: string | null;
  /** How many requests have forwarded, each the next. */
  readonly depth: number;
}

/** Of the request that forwarded this one; null where it came over the network. */
export function parentOf({ socket }: IncomingMessage): Parent | null {
  return Reflect.get(socket, PARENT) ?? null;
}

/** The property by which the socket of a request hands it down. */
export function handedDown(parent: Parent): object {
  return { [PARENT]: parent };
}
