import type { WorkerLog } from '../log/records.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { classNameOf } from '../settings/class-name.ts';

/** What an environ tells about the server. */
export interface GatewayContext {
  /** SCRIPT_NAME: `''`, or `/…` without a slash at its end. */
  readonly rootPath: string;
  /** The part of it that mounts have taken from the request's URL; `''` where none has. */
  readonly mountPath: string;
  /** The headers with an underscore in their name that trusted proxies set, in lower case. */
  readonly forwarder: readonly string[];
  /** Whether every client may send such headers. */
  readonly takesUnderscores: boolean;
  readonly multithread: boolean;
  readonly multiprocess: boolean;
  /** Takes the lines of `wsgi.errors`. */
  readonly log: (line: string) => void;
}

/** The context of a worker with those settings. */
export function gatewayContext(settings: Settings, log: Pick<WorkerLog, 'error'>): GatewayContext {
  return {
    rootPath: settings.rootPath,
    mountPath: '',
    forwarder: settings.forwarderHeaders
      .map((name) => name.toLowerCase())
      .filter((name) => name.includes('_')),
    takesUnderscores: settings.headerMap === 'dangerous',
    multithread: classNameOf(settings) !== 'sync',
    multiprocess: (settings.workersMax ?? settings.workers) > 1,
    log: (line) => log.error(line, { event: 'gateway-errors' }),
  };
}

/** The context of an application that is mounted at the path in one with that context. */
export function contextAt(path: string, context: GatewayContext): GatewayContext {
  if (path === '') return context;
  return { ...context, rootPath: context.rootPath + path, mountPath: context.mountPath + path };
}

/** The context without settings, for `--check-config` and tests. */
export const bareContext: GatewayContext = {
  rootPath: '',
  mountPath: '',
  forwarder: [],
  takesUnderscores: false,
  multithread: true,
  multiprocess: false,
  log: (line) => void process.stderr.write(`${line}\n`),
};
