import { type MessagePort, threadId } from 'node:worker_threads';
import { importedContexts } from '../../../src/app/contexts.ts';
import { appError } from '../../../src/app/failure.ts';
import { refuseHttp2 } from '../../../src/app/http2/refuse.ts';
import { loadServed } from '../../../src/app/load-served.ts';
import { bareContext } from '../../../src/gateway/context.ts';
import { type NamedRequest, tagsFrom } from '../../../src/http/request-name.ts';
import { MEASURES, type Measured, type MeasureSource, together } from '../../../src/metrics/measured.ts';
import { enableCompileCache } from '../../../src/process/compile-cache.ts';
import { servedName } from '../../../src/settings/mounts.ts';
import { explainFailure } from '../../boot/failure.ts';
import type { LoadedFiles, ModuleGraph } from '../../develop/module-graph.ts';
import { terminate } from '../../end/termination.ts';
import { logBy } from './log-line.ts';
import { ANSWERED, type FromThread, type ThreadSpec } from './messages.ts';
import { Runner, sendable } from './runner.ts';
import { answerToWire, fromWire, type WireToThread } from './wire.ts';

enableCompileCache();

/** What a thread of the pool runs, as long as it lives: loads the application, then serves what comes over the port. */
export default async function serveThread({
  port,
  served,
  gateway,
  slots,
  reports,
  measures,
}: ThreadSpec): Promise<void> {
  const post = (message: FromThread, moved: ArrayBuffer[] = []) =>
    port.postMessage(answerToWire(message), moved);
  let runner: Runner | null = null;
  const modules = reports ? await follow((loaded) => post({ type: 'loaded', ...loaded })) : null;
  try {
    const onError = (error: unknown, request?: NamedRequest) => {
      // Its answer may have ended, and another request may be under way.
      const about = request ? { request: named(request) } : {};
      post({ type: 'error', id: runner?.id ?? 0, error: sendable(error), ...about });
    };
    const loaded = await loadServed(served, {
      cwd: process.cwd(),
      gateway: { ...bareContext, ...gateway },
      onError,
    });
    refuseHttp2(loaded, servedName(served), 'thread');
    const contexts = importedContexts();
    const application = contexts?.serve(loaded, { log: logBy((line) => post(line)), onError }) ?? loaded;
    const { own } = application;
    if (own?.isTls)
      throw appError(`${servedName(served)}: an https.Server cannot be served in class thread; use -k async`);
    runner = new Runner(application, post, slots);
    const withoutEffect = own?.withoutEffect('thread') ?? [];
    post({ type: 'ready', threadId, what: application.what, withoutEffect, hasContexts: contexts !== null });
    const stopMeasuring =
      measures === 'no'
        ? () => {}
        : await reportMeasures(measures, (measured) => post({ type: 'measured', measured }));
    await serve(port, slots, runner);
    await runner.close();
    stopMeasuring();
    // The pool ends the thread when its time is over.
    await terminate(Infinity);
    await application.close?.();
  } catch (error) {
    if (runner !== null) throw error;
    const { exitStatus, message, stack, place } = await explainFailure(error, modules, served);
    post({ type: 'bootFailed', exitStatus, message, stack, place });
  }
}

const MEASURE_MS = 1000;

/** Reports at once, once a second, and when the returned function is called. */
async function reportMeasures(
  which: ThreadSpec['measures'],
  say: (measured: Measured) => void,
): Promise<() => void> {
  const promClient =
    which === 'promClientToo'
      ? new (await import('../../../src/measures/prom-client.ts')).PromClient()
      : null;
  const report = () => {
    const source: MeasureSource | undefined = Reflect.get(globalThis, MEASURES);
    const measured = together([source?.take() ?? null, promClient?.take() ?? null]);
    if (measured !== null) say(measured);
  };
  report();
  const timer = setInterval(report, MEASURE_MS).unref();
  return () => {
    clearInterval(timer);
    report();
  };
}

/** What can be sent of it. */
function named(request: NamedRequest): NamedRequest {
  const { method, url, originalUrl } = request;
  return { method, url: originalUrl ?? url, ...tagsFrom(request) };
}

async function follow(report: (loaded: LoadedFiles) => void): Promise<ModuleGraph> {
  const { followImports } = await import('../../develop/module-graph.ts');
  return followImports(report);
}

/** Resolves when the pool closes. */
function serve(port: MessagePort, slots: Int32Array, runner: Runner): Promise<void> {
  return new Promise((closed) => {
    port.on('message', (wire: WireToThread) => {
      const message = fromWire(wire);
      if (message.type === 'close') closed();
      else if (message.type === 'ping') Atomics.store(slots, ANSWERED, message.count);
      else runner.handle(message);
    });
  });
}
