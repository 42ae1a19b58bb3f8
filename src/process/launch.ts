import { basename, delimiter, join, resolve } from 'node:path';
import { type Handing, handSockets } from '../listeners/handed.ts';
import type { HandedRing } from '../log/ring/worker-rings.ts';
import type { HandedCounters } from '../metrics/place.ts';
import { fs } from '../support/builtins.ts';
import { type Child, type Spawn, startChild } from './child.ts';
import { isExecutable } from './executable.ts';
import { type Death, PARENT_VARIABLE, type Parent, type WorkerCount } from './parent.ts';
import { namedScript, type Start } from './start.ts';

export interface LaunchOptions {
  readonly kind: Parent['kind'];
  /** The sockets that the new process inherits. */
  readonly listeners: readonly Handing[];
  readonly workerCount: WorkerCount | null;
  /** The counters that the new process continues; null or absent where there are none. */
  readonly counters?: HandedCounters | null;
  /** The descriptor of the keys for tickets of TLS; null or absent where there are none. */
  readonly ticketKeys?: number | null;
  /** The path of our control socket; null or absent where there is none. */
  readonly control?: string | null;
  /** The deaths of our workers of late; absent where nobody can ask for them. */
  readonly deaths?: readonly Death[];
  /** What our workers and we have logged; absent where nobody can ask for it. */
  readonly rings?: readonly HandedRing[];
  readonly stdout: 'inherit' | 'ignore';
  readonly stderr: 'inherit' | 'pipe';
}

/** Behind the standard streams. */
const FIRST_FD = 3;

/**
 * Starts our own command again, in its own session and with a channel to this process. Symbolic links are followed again,
 * so the version that is installed now is started. As startChild(), returns null where `notStarted` will be told why.
 */
export function launch(
  spawn: Spawn,
  start: Start,
  options: LaunchOptions,
  notStarted: (why: string) => void,
): Child | null {
  const { kind, listeners, workerCount, counters = null, control = null, deaths, rings = [] } = options;
  const { ticketKeys = null } = options;
  const { stdout, stderr } = options;
  const { sockets, fds } = handSockets(listeners);
  const files: number[] = [];
  const place = (fd: number) => FIRST_FD + fds.length - 1 + files.push(fd);
  const told = counters === null ? null : placesOf(counters, place);
  const toldRings = rings.map((ring) => ({ ...ring, fd: place(ring.fd) }));
  const note: Parent = {
    ...{ kind, pid: process.pid, sockets, workerCount },
    ...(told === null ? {} : { counters: told }),
    ...(control === null ? {} : { control }),
    ...(deaths === undefined ? {} : { deaths }),
    ...(toldRings.length === 0 ? {} : { rings: toldRings }),
    ...(ticketKeys === null ? {} : { ticketKeys: place(ticketKeys) }),
  };
  return startChild(
    spawn,
    {
      command: commandOf(start),
      cwd: isDirectory(start.namedCwd) ? start.namedCwd : '/',
      env: { ...start.env, [PARENT_VARIABLE]: JSON.stringify(note) },
      detached: true,
      stdio: ['ignore', stdout, stderr, ...fds.map((fd) => fd ?? 'ignore'), ...files, 'ipc'],
    },
    notStarted,
  );
}

/** The files of counters as descriptors of the new process; `place` says which. */
function placesOf(
  { own, others, history, measures }: HandedCounters,
  place: (fd: number) => number,
): HandedCounters {
  return {
    ...{ own: place(own), others: others.map(place) },
    ...(history === undefined ? {} : { history: place(history) }),
    ...(measures === undefined
      ? {}
      : { measures: { own: place(measures.own), other: place(measures.other) } }),
  };
}

/** Node and its script with the links in their paths, which Node itself resolves for execPath and the directory of argv[1]. */
function commandOf(start: Start): readonly [string, ...string[]] {
  return [
    nodeCommand(start.env.PATH ?? '', start.namedCwd),
    ...process.execArgv,
    namedScript(start),
    ...start.argv,
  ];
}

function nodeCommand(path: string, cwd: string): string {
  const { argv0, execPath } = process;
  if (argv0.includes('/')) return isExecutable(resolve(cwd, argv0)) ? resolve(cwd, argv0) : execPath;
  // Any other name is no command: `exec -a`, a wrapper.
  if (argv0 !== basename(execPath)) return execPath;
  // Never relative to the working directory: root would run what its owner has put there.
  const directories = path.split(delimiter).filter((directory) => directory.startsWith('/'));
  const found = directories.map((directory) => join(directory, argv0));
  return found.find(isExecutable) ?? execPath;
}

function isDirectory(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
