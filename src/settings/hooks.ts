import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from '../support/logger.ts';

/** What hooks in the arbiter see of it. */
export interface ArbiterView {
  readonly pid: number;
  /** The number of workers wanted now, TTIN and TTOU included. */
  readonly workers: number;
  readonly generation: number;
  readonly log: Logger;
}

/**
 * What hooks see of a worker, on either side. `age` is the spawn order. `slot` is its place, from 0 to the number of workers
 * less 1, which its replacement takes over; with --spare-workers it is null until the worker is told to serve.
 */
export interface WorkerView {
  readonly pid: number;
  readonly age: number;
  readonly slot: number | null;
  readonly generation: number;
  readonly log: Logger;
}

type Returns = void | Promise<void>;

/** An OCSP response in DER; null where there is none. */
export type OcspAnswer = Buffer | null | Promise<Buffer | null>;

/** The options of Node's createSecureContext(). */
export interface TlsContextOptions extends SecureContextOptions {
  /** Gives the OCSP response for a certificate (DER), where no file does; called for each client that asks for one. */
  readonly ocspResponse?: (certificate: Buffer, issuer: Buffer) => OcspAnswer;
}

/** Server hooks, named as in Gunicorn. One that throws is logged and otherwise without effect. */
export interface Hooks {
  /** In the arbiter, before anything is bound. */
  onStarting?(arbiter: ArbiterView): Returns;
  /** In the arbiter, when HUP arrives and the new configuration has been accepted. */
  onReload?(arbiter: ArbiterView): Returns;
  /** In the arbiter, when the first worker accepts connections. */
  whenReady?(arbiter: ArbiterView): Returns;
  /** In the arbiter, just before a worker is spawned (its `pid` is still 0). */
  preFork?(arbiter: ArbiterView, worker: WorkerView): Returns;
  /** In the worker, before the application is loaded. */
  postFork?(worker: WorkerView): Returns;
  /** In the worker, when the application has been loaded. */
  postWorkerInit?(worker: WorkerView): Returns;
  /** In the worker, on INT or QUIT. */
  workerInt?(worker: WorkerView): Returns;
  /** In the worker, on ABRT. */
  workerAbort?(worker: WorkerView): Returns;
  /** In the arbiter, just before USR2 starts a new arbiter. */
  preExec?(arbiter: ArbiterView): Returns;
  /** In the worker, before the application sees a request. */
  preRequest?(worker: WorkerView, request: IncomingMessage): Returns;
  /** In the worker, when a response is finished or its client has gone. */
  postRequest?(worker: WorkerView, request: IncomingMessage, response: ServerResponse): Returns;
  /** In the arbiter, when a worker has exited. */
  childExit?(arbiter: ArbiterView, worker: WorkerView): Returns;
  /** In the worker, just before it exits. */
  workerExit?(worker: WorkerView): Returns;
  /** In the arbiter, when the number of workers wanted changes. `before` is null at the start. */
  nworkersChanged?(arbiter: ArbiterView, after: number, before: number | null): Returns;
  /** In the arbiter, just before it exits. */
  onExit?(arbiter: ArbiterView): Returns;
  /**
   * In the worker, for each certificate, at the start and when it has changed: gets what Node's createSecureContext() would
   * get, and returns what it gets.
   */
  sslContext?(defaults: TlsContextOptions): TlsContextOptions;
}

export type HookName = keyof Hooks;

/** The hooks that the arbiter itself calls; the others run in the workers, which import the config file themselves. */
export const ARBITER_HOOKS: readonly HookName[] = [
  'onStarting',
  'onReload',
  'whenReady',
  'preFork',
  'preExec',
  'childExit',
  'nworkersChanged',
  'onExit',
];

export const WORKER_HOOKS: readonly HookName[] = [
  'postFork',
  'postWorkerInit',
  'workerInt',
  'workerAbort',
  'preRequest',
  'postRequest',
  'workerExit',
  'sslContext',
];
