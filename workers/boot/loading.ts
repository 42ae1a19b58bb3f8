import type { IncomingMessage } from 'node:http';
import type { Application } from '../../src/app/application.ts';
import type { Program } from '../../src/app/script/load-program.ts';
import { gatewayContext } from '../../src/gateway/context.ts';
import type { ServeFiles } from '../../src/http/edge/static/create.ts';
import type { QueueLimit, QueueLimitOptions } from '../../src/http/queue-limit.ts';
import type { Readiness } from '../../src/http/ready-path.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import type { LoadedCode } from '../../src/process/ipc/loading.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { ReadyMessage } from './ready-message.ts';

// The steps from the setting `app` to an application that is proved ready. Each imports what it needs only where it runs.

/** Loads the application into this process. Rejects with a BootError. */
export async function loadIntoProcess(
  settings: Settings,
  log: WorkerLog,
  onError: (error: unknown, request?: IncomingMessage) => void,
): Promise<Application> {
  const { loadServed } = await import('../../src/app/load-served.ts');
  const { loadToEnd } = await import('../../src/app/load-to-end.ts');
  const gateway = gatewayContext(settings, log);
  return loadToEnd(settings, () => loadServed(settings, { cwd: process.cwd(), onError, gateway }));
}

/** The files that the applications are loaded from, that of the application at `/` first, as far as they are known. */
export async function findServed(settings: Settings, program: Program | null): Promise<readonly string[]> {
  if (program !== null) return [program.main.realPath];
  const { servedFiles } = await import('../../src/app/served-files.ts');
  return servedFiles(settings, process.cwd());
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

/** What answers at the ready path while the service is about to stop; null without a ready path or a drain delay. */
export async function readinessOf({ readyPath, drainDelay }: Settings): Promise<Readiness | null> {
  if (readyPath === null || drainDelay === 0) return null;
  const { readinessAt } = await import('../../src/http/ready-path.ts');
  return readinessAt(readyPath);
}

/** What sends files in the application's place; null where nothing of the kind is asked for. */
export async function filesOf(settings: Settings, log: WorkerLog, clock: Clock): Promise<ServeFiles | null> {
  const asked = { ...settings.static, ...settings.accelRedirect };
  if (Object.keys(asked).length + settings.sendfileRoot.length === 0) return null;
  const { createFiles } = await import('../../src/http/edge/static/create.ts');
  return createFiles(settings, log, clock);
}

/** What refuses requests that have waited for too long; null without --queue-timeout. */
export async function queueLimitOf(
  { queueTimeout: seconds }: Settings,
  means: Omit<QueueLimitOptions, 'seconds'>,
): Promise<QueueLimit | null> {
  if (seconds === 0) return null;
  const { QueueLimit } = await import('../../src/http/queue-limit.ts');
  return new QueueLimit({ seconds, ...means });
}

/** What waits for the application's own message, where the settings say so. */
export async function readyMessageOf({ settings, failure }: BootSpec): Promise<ReadyMessage | null> {
  if (!settings.waitReady || failure !== null) return null;
  const { ReadyMessage } = await import('./ready-message.ts');
  return new ReadyMessage();
}

/** How many milliseconds after the boot the files are read, so that the first requests do not wait for the disk. */
const CODE_AFTER_MS = 500;

/** Reports what the application was loaded from, a moment later; not with --reload, which watches the files itself. */
export function tellCode(entries: readonly string[], spec: BootSpec, tell: (code: LoadedCode) => void): void {
  if (entries.length === 0 || spec.settings.reload) return;
  const check = async () => {
    const { readLoadedCode } = await import('./loaded-code.ts');
    const { files, ...code } = await readLoadedCode(entries);
    tell({ tsunicorn: 'code', ...code, files: code.hash === spec.code ? null : files });
  };
  // The release may have been removed meanwhile.
  setTimeout(() => void check().catch(() => {}), CODE_AFTER_MS).unref();
}
