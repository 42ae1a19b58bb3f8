import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Doubt } from './mistaken.ts';
import type { OwnServer } from './own-server.ts';

/** A Node listener. The caller logs and answers what it throws, or what the promise that it returns rejects with. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Any application, whatever framework it came from. */
export interface Application {
  /** What was found, for the log: "Express application", "fetch handler". */
  readonly what: string;
  readonly handler: Handler;
  /** Present where the application answers upgrades (WebSocket). */
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Whether a request that asks for an upgrade gets it; any other is handled. Where it is absent all do. */
  readonly takesUpgrade?: (req: IncomingMessage) => boolean;
  /** Present where an upgrade or a tunnel runs in a context: calls `hand` in it, which hands the socket over. */
  readonly within?: (req: IncomingMessage, socket: Duplex, hand: () => void) => void;
  /** Present where it has a server of its own, whose listeners the handler calls: connections are fed into that. */
  readonly own?: OwnServer;
  /** Present where the application may be of another kind than it was taken for. */
  readonly doubt?: Pick<Doubt, 'failure'> & Partial<Doubt>;
  /** Called once when the worker leaves, such as Fastify's close(). */
  readonly close?: () => Promise<void>;
}
