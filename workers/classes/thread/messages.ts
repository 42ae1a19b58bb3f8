import type { MessagePort } from 'node:worker_threads';
import type { GatewayContext } from '../../../src/gateway/context.ts';
import type { NamedRequest } from '../../../src/http/request-name.ts';
import type { Measured } from '../../../src/metrics/measured.ts';
import type { Served } from '../../../src/settings/mounts.ts';
import type { LogFields, LogLevel } from '../../../src/support/logger.ts';
import type { Origin } from '../../../src/support/origin.ts';
import type { Place } from '../../../src/support/place.ts';
import type { LoadedFiles } from '../../develop/module-graph.ts';
import type { TlsPeer } from './tls-peer.ts';

/** Bodies up to this size travel whole, with the request or the answer, and are moved. */
export const SMALL_BODY = 64 * 1024;

/** Bytes of a longer body that may be under way to the other side, which has not taken them yet. */
export const WINDOW = 256 * 1024;

/** Taken bytes are reported when there are so many, or when the sender must be waiting for them. */
export const REPORT_AT = WINDOW / 4;

/** What a thread keeps at most of answers that their handlers have ended, for clients that are slow to take them. */
export const KEPT_BYTES = 64 * 1024 ** 2;

/** The place in the slots where a thread answers a `ping`, and how many there are. */
export const ANSWERED = 2;
export const SLOTS = 3;

/** What a thread gets to run with. */
export interface ThreadSpec {
  readonly port: MessagePort;
  readonly served: Served;
  /** What a gateway application is told of the server; its log cannot travel. */
  readonly gateway: Omit<GatewayContext, 'log'>;
  /**
   * The ids of at most two requests with which the thread has yet to begin. Whoever sets one back to 0 has that
   * request: the thread, or the pool. Behind them, at ANSWERED, the latest `ping` that the thread has answered.
   */
  readonly slots: Int32Array;
  /** Whether the thread is to report what it loads. */
  readonly reports: boolean;
  /** Whether it is to report what its application measures, and by prom-client. */
  readonly measures: 'no' | 'ours' | 'promClientToo';
}

/** Who sent a request: what the application finds on `req.socket`. */
export interface Peer {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly remoteFamily: string | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly localFamily: string | undefined;
  /** Null without TLS. */
  readonly tls: TlsPeer | null;
  /** Whether its headers are believed: --forwarded-allow-ips. */
  readonly trusted: boolean;
}

export interface RequestMessage {
  readonly type: 'request';
  readonly id: number;
  /** Where its id is until somebody has it; null where it has a body, which nobody else could be given. */
  readonly slot: number | null;
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly peer: Peer;
  /** Where it came from, as the headers of proxies say; null where the peer is its client. */
  readonly origin: Origin | null;
  /** Its id, which the application is to find too; null where nobody has asked for it. */
  readonly requestId: string | null;
  /** Of its connection, until now. */
  readonly bytesRead: number;
  /** Whether its connection may be kept, as far as its client goes. */
  readonly keepAlive: boolean;
  /** `streams` where it follows in chunks. */
  readonly body: Uint8Array | 'streams' | null;
}

/** A part of a body. `id` is that of its request, here and below: what belongs to an earlier one is dropped. */
interface Chunk {
  readonly type: 'chunk';
  readonly id: number;
  readonly data: Uint8Array | string;
}

/** The receiver has taken so many bytes of the body. */
interface Taken {
  readonly type: 'taken';
  readonly id: number;
  readonly bytes: number;
}

/** What the pool tells a thread. */
export type ToThread =
  | RequestMessage
  | Chunk
  | Taken
  | { readonly type: 'end'; readonly id: number; readonly rawTrailers: readonly string[] }
  /** The client is slow to take the answer: once its handler has ended it, another request may run meanwhile. */
  | { readonly type: 'slow'; readonly id: number }
  /** The client has gone: with an error of the connection, or without. */
  | { readonly type: 'abort'; readonly id: number; readonly error: ConnectionError | null }
  /** To be answered in the slots, which shows that the event loop turns. */
  | { readonly type: 'ping'; readonly count: number }
  /** Let the application end what it holds, then end. */
  | { readonly type: 'close' };

/** What an error of a socket is made of. */
export interface ConnectionError {
  readonly message: string;
  readonly code: string | undefined;
  readonly name?: string;
}

export interface Head {
  readonly status: number;
  readonly message: string | undefined;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** The length of the body, where Node found it itself; null where it did not. */
  readonly length: number | null;
  /** Whether Node is to close the connection behind it. */
  readonly closes: boolean;
  /** Headers that Node is not to add. */
  readonly without: readonly string[];
}

/** The application of a thread. */
export interface Loaded {
  /** A description of it. */
  readonly what: string;
  /** What it has set on a server of its own, by names, that has no effect in a thread. */
  readonly withoutEffect: readonly string[];
  /** Whether it has imported tsunicorn/context. */
  readonly hasContexts: boolean;
}

/** What a thread tells the pool. Exactly one of `answer`, `end`, `failed`, `cut` and `released` is a request's last. */
export type FromThread =
  /** The application is loaded. */
  | ({ readonly type: 'ready'; readonly threadId: number } & Loaded)
  | {
      readonly type: 'bootFailed';
      readonly exitStatus: number;
      readonly message: string;
      readonly stack: string | undefined;
      readonly place: Place | undefined;
    }
  | ({ readonly type: 'loaded' } & LoadedFiles)
  /** A whole answer. */
  | { readonly type: 'answer'; readonly id: number; readonly head: Head; readonly body: Uint8Array | string }
  | { readonly type: 'head'; readonly id: number; readonly head: Head }
  | Chunk
  | Taken
  | { readonly type: 'end'; readonly id: number; readonly trailers: readonly string[] }
  /** The handler has ended the answer; its rest follows as the slow client takes it, and another request may run. */
  | { readonly type: 'handled'; readonly id: number }
  /** An answer before the answer, as 103 Early Hints; `headers` are names and values in turn. */
  | {
      readonly type: 'interim';
      readonly id: number;
      readonly status: number;
      readonly headers: readonly string[];
    }
  /** The handler threw or rejected. */
  | { readonly type: 'failed'; readonly id: number; readonly error: unknown }
  /** The application destroyed the connection. */
  | { readonly type: 'cut'; readonly id: number }
  /** After an abort: the handler has ended. */
  | { readonly type: 'released'; readonly id: number }
  /** What the application of the thread has measured so far. */
  | { readonly type: 'measured'; readonly measured: Measured }
  /** A line of the application for the log. */
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: LogFields | undefined;
    }
  /** An error that is only to be logged. `request` is what it belongs to, where that is not the request of the `id`. */
  | {
      readonly type: 'error';
      readonly id: number;
      readonly error: unknown;
      readonly request?: NamedRequest;
    };
