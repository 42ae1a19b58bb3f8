import type { HookName } from '../hooks.ts';

interface HookDoc {
  readonly takes: string;
  readonly doc: string;
}

/** What each hook takes and a sentence on it; the compiler sees that none is missing and none is too many. */
export const hookDocs: Readonly<Record<HookName, HookDoc>> = {
  onStarting: { takes: 'arbiter', doc: 'In the arbiter, before anything is bound.' },
  onReload: {
    takes: 'arbiter',
    doc: 'In the arbiter, when HUP arrives and the new configuration has been accepted.',
  },
  whenReady: { takes: 'arbiter', doc: 'In the arbiter, when the first worker accepts connections.' },
  preFork: {
    takes: 'arbiter, worker',
    doc: 'In the arbiter, just before a worker is spawned; its `pid` is still 0.',
  },
  postFork: { takes: 'worker', doc: 'In the worker, before the application is loaded.' },
  postWorkerInit: { takes: 'worker', doc: 'In the worker, after the application was loaded.' },
  workerInt: { takes: 'worker', doc: 'In the worker, on INT or QUIT.' },
  workerAbort: { takes: 'worker', doc: 'In the worker, on ABRT.' },
  preExec: { takes: 'arbiter', doc: 'In the arbiter, just before USR2 starts a new arbiter.' },
  preRequest: { takes: 'worker, request', doc: 'In the worker, before the application sees a request.' },
  postRequest: {
    takes: 'worker, request, response',
    doc: 'In the worker, after a response was finished or its client has disconnected.',
  },
  childExit: { takes: 'arbiter, worker', doc: 'In the arbiter, after a worker has exited.' },
  workerExit: { takes: 'worker', doc: 'In the worker, just before it exits.' },
  nworkersChanged: {
    takes: 'arbiter, after, before',
    doc: 'In the arbiter, when the target number of workers changes; `before` is null at the start.',
  },
  onExit: {
    takes: 'arbiter',
    doc: 'In the arbiter, just before it exits. The arbiter waits for it, for at most five seconds.',
  },
  sslContext: {
    takes: 'defaults',
    doc: 'In the worker, for each certificate, at the start and when it has changed: gets the options of Node’s `tls.createSecureContext()` and returns them, changed as it likes, perhaps with `ocspResponse` (see [tls.md](tls.md#the-hook-sslcontext)). It must not be asynchronous.',
  },
};

/** Whether a key of the config file is a hook's name. */
export function isHookName(key: string): key is HookName {
  return Object.hasOwn(hookDocs, key);
}
