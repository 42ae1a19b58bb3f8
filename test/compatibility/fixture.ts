/** What is asked of each package, in the order of the page. */
export const COLUMNS = [
  'exported async',
  'exported sync',
  'exported thread',
  'program async',
  'program sync',
  'streaming',
  'abort',
  'reload',
  'stop',
  'websocket',
] as const;

export type Column = (typeof COLUMNS)[number];

/** Why a column makes no sense for a package. */
export const DASHES = {
  'no export': 'the package starts its own server, so that nothing can be exported',
  'no program': 'the package is a part of a program',
  'no streams': 'the package answers with whole bodies only',
  'no sockets': 'the package has no WebSockets of its own',
} as const;

export type Dash = keyof typeof DASHES;

/** A request of the clients. */
export interface Ask {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A package, with an application that exports and a program that listens, in the folder of its name. */
export interface Fixture {
  readonly name: string;
  /** The folder of fixtures/ that has its package.json, its lockfile and its own folder. */
  readonly group: string;
  readonly folder: string;
  /** Whose versions the page shows. */
  readonly packages: readonly string[];
  /** The files, in the folder; null where the package has none. */
  readonly exported: string | null;
  readonly program: string | null;
  /** The arguments of the program. */
  readonly args: readonly string[];
  readonly protocol: Protocol;
  readonly env: Readonly<Record<string, string>>;
  /** Is answered with a body that contains `hello`. */
  readonly hello: Ask;
  /** Is answered with `first` at once, and with `last` when the file `until` exists (fixtures/shared.mjs). */
  readonly stream: (until: string) => Ask;
  /** Whether `first` is sent before `last` is known; else the answer is whole. */
  readonly streams: boolean;
  /** The path of its WebSockets; null where it has none. */
  readonly sockets: string | null;
  /** Run with --all only. */
  readonly onDemand: boolean;
}

export type Protocol = 'http' | 'https' | 'h2' | 'h2c';

type Given = Pick<Fixture, 'name' | 'group' | 'packages'> & Partial<Fixture>;

/** A fixture with the defaults of most packages. */
export function fixture(given: Given): Fixture {
  return {
    folder: given.name.toLowerCase().replace(/\W+/g, '-'),
    exported: 'app.mjs',
    program: 'server.mjs',
    args: [],
    protocol: 'http',
    env: {},
    hello: { path: '/' },
    stream: (until) => ({ path: `/stream?until=${encodeURIComponent(until)}` }),
    streams: true,
    sockets: null,
    onDemand: false,
    ...given,
  };
}

/** Why a cell has a dash; null where the column is asked. */
export function dashOf({ exported, program, streams, sockets }: Fixture, column: Column): Dash | null {
  if (column.startsWith('exported')) return exported === null ? 'no export' : null;
  if (column.startsWith('program')) return program === null ? 'no program' : null;
  if (column === 'streaming') return streams ? null : 'no streams';
  if (column === 'websocket') return sockets === null ? 'no sockets' : null;
  return null;
}
