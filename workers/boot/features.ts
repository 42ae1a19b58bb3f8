import type { IncomingMessage } from 'node:http';
import type { Application } from '../../src/app/application.ts';
import { gatewayContext } from '../../src/gateway/context.ts';
import type { Connections } from '../../src/http/connections.ts';
import type { Readiness } from '../../src/http/ready-path.ts';
import type { AnswerFailure } from '../../src/http/server.ts';
import type { StuckOptions, StuckRequests } from '../../src/http/stuck-requests.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { BootSpec, FilesLoaded, LoadedCode } from '../../src/process/ipc.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { classNameOf } from '../../src/settings/class-name.ts';
import { type Hooks, WORKER_HOOKS } from '../../src/settings/hooks.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { ModuleGraph } from '../develop/module-graph.ts';
import type { Recycler } from '../recycle/recycler.ts';

// What a worker loads only where it is asked for.

/** The hooks of the worker's side, from the configuration file; functions cannot travel, so it is imported here again. */
export async function loadWorkerHooks({ configFile, hookNames }: BootSpec): Promise<Hooks> {
  if (configFile === null || !WORKER_HOOKS.some((name) => hookNames.includes(name))) return {};
  const { loadHooks } = await import('../../src/settings/load.ts');
  return loadHooks(configFile, null, process.cwd());
}

/** What answers at the ready path while the service is about to stop; null where nobody would ask, or there is no time to. */
export async function readinessOf({ readyPath, drainDelay }: Settings): Promise<Readiness | null> {
  if (readyPath === null || drainDelay === 0) return null;
  const { readinessAt } = await import('../../src/http/ready-path.ts');
  return readinessAt(readyPath);
}

/** Resolves when the application answers at the ready path, if there is one. Rejects with a BootError. */
export async function provePath(
  application: Application,
  settings: Settings,
  log: WorkerLog,
  clock: Clock,
): Promise<void> {
  const { readyPath: path } = settings;
  if (path === null) return;
  const { proveReady } = await import('./ready-path.ts');
  await proveReady({ path, application, settings, log, clock });
}

/** What asks for the worker's replacement when it is due; null where nothing limits its life. */
export async function createRecycler(
  settings: Settings,
  log: WorkerLog,
  clock: Clock,
): Promise<Recycler | null> {
  const { maxRequests, maxLifetime, maxMemory, maxHeap } = settings;
  if (maxRequests === 0 && maxLifetime === 0 && maxMemory === null && maxHeap === null) return null;
  const { Recycler } = await import('../recycle/recycler.ts');
  return Recycler.of(settings, log, clock);
}

/** With --reload, tells the arbiter what is imported from now on; null otherwise. */
export async function followImports(
  { reload }: Settings,
  tell: (loaded: FilesLoaded) => void,
): Promise<ModuleGraph | null> {
  if (!reload) return null;
  const modules = await import('../develop/module-graph.ts');
  return modules.followImports((loaded) => tell({ tsunicorn: 'loaded', ...loaded }));
}

/** With --debug, what answers a request that fails; null otherwise. */
export async function errorPage({ debug }: Settings): Promise<AnswerFailure | null> {
  return debug ? (await import('../develop/error-page.ts')).answerWithError : null;
}

/** After the worker is ready, in milliseconds: its first requests are not to wait for a look at the disk. */
const CODE_AFTER_MS = 500;

/** Tells what the application was loaded from, a moment later; not with --reload, which looks for itself. */
export function tellCode(file: string | null, spec: BootSpec, tell: (code: LoadedCode) => void): void {
  if (file === null || spec.settings.reload) return;
  const check = async () => {
    const { readLoadedCode } = await import('./loaded-code.ts');
    const { files, ...code } = await readLoadedCode(file);
    tell({ tsunicorn: 'code', ...code, files: code.hash === spec.code ? null : files });
  };
  // A release that is removed meanwhile cannot be looked at.
  setTimeout(() => void check().catch(() => {}), CODE_AFTER_MS).unref();
}

/** The file that the application is loaded from, for the log; null where that is not known. */
export async function findApplication({ app }: Settings): Promise<string | null> {
  if (app === null) return null;
  const { applicationFile } = await import('../../src/app/resolve.ts');
  return applicationFile(app, process.cwd());
}

/** Loads the application into this process. Rejects with a BootError. */
export async function loadIntoProcess(
  settings: Settings,
  log: WorkerLog,
  onError: (error: unknown, request?: IncomingMessage) => void,
): Promise<Application> {
  const { loadApplication } = await import('../../src/app/load.ts');
  const gateway = gatewayContext(settings, log);
  return loadApplication(settings.app ?? '', { cwd: process.cwd(), onError, gateway });
}

/** Says that requests wait for the application too long, where the settings want that. */
export function watchRequests(settings: Settings, connections: Connections, log: WorkerLog): void {
  const warnMs = settings.requestWarning * 1000;
  const limit = limitOfRequests(settings);
  // Who ends them says so.
  if (warnMs === 0 || (limit !== null && limit.ms <= warnMs)) return;
  let stuck: Promise<StuckRequests> | null = null;
  const check = async () => {
    stuck ??= import('../../src/http/stuck-requests.ts').then(
      ({ StuckRequests }) => new StuckRequests({ connections, warnMs, limit, log }),
    );
    (await stuck).check();
  };
  // Most workers are idle enough that none is in flight when it is looked.
  setInterval(
    () => {
      if (stuck !== null || connections.inFlight > 0) void check().catch(() => {});
    },
    Math.min(5000, warnMs / 4),
  ).unref();
}

/** What ends a request that its handler does not. */
function limitOfRequests(settings: Settings): StuckOptions['limit'] {
  const { requestTimeout, timeout } = settings;
  const isByHandler = classNameOf(settings) !== 'async';
  const limits = [
    { setting: '--request-timeout', ms: requestTimeout * 1000 },
    ...(isByHandler ? [{ setting: '--timeout', ms: timeout * 1000 }] : []),
  ];
  const [least = null] = limits.filter(({ ms }) => ms > 0).toSorted((a, b) => a.ms - b.ms);
  return least;
}
