import type { NamedCommand } from '../app/script/named-command.ts';
import { addressesOf, type Prepared } from '../arbiter/change/generation.ts';
import { checkLogfile, type OpenLog } from '../log/logger.ts';
import type { RecordLog } from '../log/records.ts';
import type { MainProgram } from '../process/main-program.ts';
import type { OurStart, Privileges } from '../process/privileges/privileges.ts';
import { ofScripts } from '../process/script-options.ts';
import type { Address } from '../settings/address.ts';
import { classNameOf } from '../settings/class-name.ts';
import type { Hooks } from '../settings/hooks.ts';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { systemClock } from '../support/clock.ts';
import { closeQuietly } from '../support/close-quietly.ts';
import { UsageError } from '../support/errors.ts';
import type { ReadMaterial } from '../tls/material.ts';
import type { TicketKeys } from '../tls/ticket-keys.ts';
import { companionsOf } from './companions.ts';
import { logOpener } from './logs.ts';
import type { OwnProcess } from './own-process.ts';
import { commandOf, programOf } from './program.ts';
import { certificatesOf, readTls } from './tls.ts';

// Rarely used features are imported only where the settings ask for them.

/** Settings that have passed every check that needs no other process. Nothing has been created or opened for them yet. */
export interface Checked {
  readonly loaded: LoadedData;
  readonly privileges: Privileges | null;
  readonly openLog: () => OpenLog;
  /** Where the service is to listen. */
  readonly addresses: readonly Address[];
  /** Null where the application is given by a module. */
  readonly command: NamedCommand | null;
  readonly companions: Pick<Prepared, 'companions'>;
  /** Where the arbiter itself is to answer. */
  readonly admin: readonly Address[];
  /** Null where no client speaks TLS. */
  readonly tls: ReadMaterial | null;
  readonly start: OurStart;
  readonly own: Pick<OwnProcess, 'base'>;
}

/**
 * Checks loaded settings; the same at a start, a reload and --check-config. `start` has this process's own environment, without
 * what the settings add for the workers. Rejects with a UsageError of one line.
 */
export async function checkSettings(
  loaded: LoadedData,
  start: OurStart,
  own: Pick<OwnProcess, 'base'>,
): Promise<Checked> {
  checkMounts(loaded);
  await checkFiles(loaded);
  checkWaitReady(loaded);
  checkProtocol(loaded);
  await checkLogs(loaded);
  await checkDebug(loaded, own.base);
  const privileges = await privilegesOf(loaded, start);
  const openLog = await logOpener(loaded, privileges);
  const command = await commandOf(loaded, own.base);
  const companions = await companionsOf(loaded, privileges, start, own);
  const admin = await adminAddressesOf(loaded);
  const addresses = addressesOf(loaded);
  const tls = await readTls(loaded, addresses);
  await checkPackages(loaded);
  return {
    loaded,
    privileges,
    openLog,
    addresses,
    admin,
    tls,
    command,
    companions,
    start,
    own,
  };
}

/**
 * Makes a generation of checked settings. To be called after the arbiter's hooks have been loaded, and onStarting has been
 * called, as they may set variables for the workers. `log` gets a line about the heap of workers; `keys` are as in
 * certificatesOf().
 */
export async function prepareGeneration(
  { loaded, privileges, openLog, command, companions, start, own, tls, addresses }: Checked,
  hooks: Hooks,
  log: RecordLog | null,
  keys: TicketKeys | number | null = null,
): Promise<Prepared> {
  for (const reason of command?.remarks ?? [])
    log?.warning(reason, { event: 'settings-questionable', reason });
  // The old arbiter served TLS, and this one does not.
  if (tls === null && typeof keys === 'number') closeQuietly(keys);
  const program = await programOf(loaded, command);
  const nodeOptions = await nodeOptionsOf(loaded, own.base, start.cwd, program, log);
  const scaling = await scalingOf(loaded);
  return {
    ...{ loaded, hooks, privileges, openLog },
    ...companions,
    ...nodeOptions,
    ...scaling,
    ...(program === null ? {} : { program }),
    ...(tls === null ? {} : { tls: await certificatesOf(loaded, tls, addresses, keys) }),
  };
}

/** Refuses two applications at `/`. */
function checkMounts({ settings: { app, mount }, origins }: LoadedData): void {
  const root = mount['/'];
  if (app !== null && root !== undefined)
    throw new UsageError(
      `${nameSetting(origins.mount, 'mount')}: ${root} and ${app} are both at /; remove one of them, or mount it at a path of its own`,
    );
}

/** Refuses what needs a package that is missing. */
async function checkPackages({ settings: { otlpEndpoint, otlpTraces, chdir } }: LoadedData): Promise<void> {
  if (otlpEndpoint !== null) (await import('../push/otlp.ts')).findExporter(process.cwd());
  if (otlpTraces !== null) (await import('../push/otlp-spans.ts')).findSpanExporter(chdir);
}

/** Refuses directories of files that are not there. */
async function checkFiles(loaded: LoadedData): Promise<void> {
  const { static: files, accelRedirect, sendfileRoot } = loaded.settings;
  if (Object.keys({ ...files, ...accelRedirect }).length + sendfileRoot.length === 0) return;
  (await import('./static-roots.ts')).checkRoots(loaded);
}

async function adminAddressesOf({ settings, origins }: LoadedData): Promise<readonly Address[]> {
  if (settings.adminBind === null) return [];
  const { adminAddresses } = await import('../admin/addresses.ts');
  return adminAddresses(nameSetting(origins.adminBind, 'admin-bind'), settings.adminBind);
}

/** Threads have no channel of their own, so that process.send() of an application in class thread reaches nobody. */
function checkWaitReady({ settings, origins }: LoadedData): void {
  if (settings.waitReady && classNameOf(settings) === 'thread')
    throw new UsageError(
      `${nameSetting(origins.waitReady, 'wait-ready')}: an application in class thread cannot call process.send(); use --ready-path, or class async or sync`,
    );
}

/** A packet of uwsgi is never within TLS: its proxy is a neighbour. */
function checkProtocol({ settings, origins }: LoadedData): void {
  if (settings.protocol !== 'uwsgi' || settings.certfile.length === 0) return;
  throw new UsageError(
    `${nameSetting(origins.protocol, 'protocol')}: uwsgi is not spoken over TLS; leave --certfile away and let the proxy end TLS, or speak http`,
  );
}

/** Refuses log files that cannot be written and formats that cannot be compiled. */
async function checkLogs({ settings, origins }: LoadedData): Promise<void> {
  checkLogfile(nameSetting(origins.errorLogfile, 'error-logfile'), settings.errorLogfile);
  if (origins.accessLogformat.source !== 'default') {
    const { checkAccessFormat } = await import('../log/access-log.ts');
    checkAccessFormat(nameSetting(origins.accessLogformat, 'access-logformat'), settings.accessLogformat);
  }
  if (settings.accessLogfile !== null)
    checkLogfile(nameSetting(origins.accessLogfile, 'access-logfile'), settings.accessLogfile);
}

/** Refuses --debug in production. */
async function checkDebug(loaded: LoadedData, base: NodeJS.ProcessEnv): Promise<void> {
  if (loaded.settings.debug) (await import('./development.ts')).refuseDebug(loaded, base);
}

/** What `user`, `group` and `initgroups` ask for; null where they ask for nothing. */
async function privilegesOf(loaded: LoadedData, start: OurStart): Promise<Privileges | null> {
  const { user, group, initgroups } = loaded.settings;
  if (user === null && group === null && !initgroups) return null;
  const { resolvePrivileges } = await import('../process/privileges/privileges.ts');
  return resolvePrivileges(loaded, start);
}

/**
 * The Node options of the processes that load the application: those of this process, those in NODE_OPTIONS, and the heap
 * limit. `from` is the directory in which the command was given.
 */
async function nodeOptionsOf(
  loaded: LoadedData,
  base: NodeJS.ProcessEnv,
  from: string,
  program: MainProgram | null,
  log: RecordLog | null,
): Promise<Pick<Prepared, 'nodeOptions'>> {
  const heap = await heapOption(loaded, base, log);
  const execArgv = ofScripts(process.execArgv);
  const { options: own = [], environment = {} } = program ?? {};
  const env = { ...base, ...loaded.environment, ...environment };
  if (execArgv.length === 0 && own.length === 0 && !env.NODE_OPTIONS)
    return heap.length === 0 ? {} : { nodeOptions: () => ({ words: [], execArgv: heap, environment: {} }) };
  const { optionsFor } = await import('../process/node-options.ts');
  const to = loaded.settings.chdir;
  // A command is as given in the directory of the program.
  const given = optionsFor({
    execArgv,
    program: own,
    env,
    from: 'NODE_OPTIONS' in environment ? to : from,
    to,
  });
  const nodeOptions = (number: number) => {
    const options = given(number);
    return { ...options, execArgv: [...options.execArgv, ...heap] };
  };
  return { nodeOptions };
}

async function heapOption(
  { settings, environment }: LoadedData,
  base: NodeJS.ProcessEnv,
  log: RecordLog | null,
): Promise<readonly string[]> {
  if (settings.workerHeap === null) return [];
  const { workerHeapOption } = await import('../arbiter/workers/heap.ts');
  const { megabytes, why } = workerHeapOption(settings, { ...base, ...environment });
  log?.info(`Heap of each worker: ${why}`, { event: 'worker-heap', reason: why });
  return megabytes === null ? [] : [`--max-old-space-size=${megabytes}`];
}

/** Chooses the number of workers by their load, where --workers-max asks for that. */
async function scalingOf({ settings }: LoadedData): Promise<Pick<Prepared, 'scaling'>> {
  if (settings.workersMax === null) return {};
  const { Scaling } = await import('../arbiter/scaling.ts');
  return { scaling: new Scaling(settings, systemClock) };
}
