import type { Observer } from '../../src/http/observer.ts';
import type { AccessLog } from '../../src/log/access-log.ts';
import { callHook } from '../../src/process/call-hook.ts';
import type { Hooks, WorkerView } from '../../src/settings/hooks.ts';

/** What must see every request: nothing where there is no access log, request hook or counter. */
export function observersFor(
  accessLog: AccessLog | null,
  hooks: Hooks,
  worker: WorkerView,
  counter: Observer | null = null,
): readonly Observer[] {
  const observers: Observer[] = counter === null ? [] : [counter];
  if (accessLog) observers.push((request, response, nowMs) => accessLog.observe(request, response, nowMs));
  const { preRequest, postRequest } = hooks;
  if (preRequest) {
    observers.push((request) => {
      void callHook(worker.log, 'preRequest', () => preRequest(worker, request));
    });
  }
  if (postRequest) {
    observers.push((request, response) => {
      response.once('close', () => {
        void callHook(worker.log, 'postRequest', () => postRequest(worker, request, response));
      });
    });
  }
  return observers;
}
