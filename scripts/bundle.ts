// Bundles what runs. An arbiter loads some 240 of our files and a worker 170: to look for each, read and link it takes a
// seventh of the processor time of a start. What the same processes load is one file; what is loaded only where it is used stays apart.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const fileOf = (name: string) => join(root, `${name}.ts`);

/** What is loaded by its name: by Node, by users, or by another process or thread of ours. */
const ENTRIES = [
  'bin/tsunicorn',
  'bin/tsunicornctl',
  'src/index',
  'src/companion',
  'src/measures/measures',
  'src/context/context',
  'src/main/settings-reader',
  'src/log/logger',
  'src/app/script/listens',
  'src/app/script/sides',
  'workers/trial',
  'workers/preload',
  'workers/program-entry',
  'workers/program-trial',
  'workers/program-last',
  'workers/boot/takeover',
  'workers/entry',
  'workers/forked',
  'workers/classes/thread/entry',
  'workers/health/watchdog-thread',
  'workers/health/inspect/alone',
];

/** What entries load before the rest: the version of Node is checked and the compile cache opened first. */
const FIRST = ['src/main/runtime', 'src/process/compile-cache', 'src/process/own-imports'];

/** What each kind of process or thread loads at its start, by static imports from these. */
const KINDS = {
  arbiter: [
    'bin/tsunicorn',
    'src/main/main',
    'src/main/serve',
    'src/main/supervise',
    'src/log/ring/worker-rings',
    'src/metrics/store',
    'src/admin/record-counter',
    'src/control/socket',
  ],
  worker: [
    'workers/entry',
    'workers/worker',
    'workers/health/counting',
    'workers/health/process-meter',
    'workers/boot/loaded-code',
    'workers/classes/async',
    'src/log/ring/ring-log',
    'src/log/ring/writer',
    'src/app/load-served',
    'src/app/load-to-end',
    'src/app/served-files',
  ],
  thread: ['workers/classes/thread/entry'],
  tool: ['bin/tsunicornctl', 'workers/health/watchdog-thread'],
  library: ['src/index', 'src/companion', 'src/measures/measures', 'src/context/context'],
};

const options = {
  input: Object.fromEntries(ENTRIES.map((name) => [name, fileOf(name)])),
  external: /^(?!\.|\/)/,
  platform: 'node',
  cwd: root,
  treeshake: false,
  preserveEntrySignatures: 'allow-extension',
  // Whether a dynamic import still loads a file of its own is what the groups decide.
  checks: { ineffectiveDynamicImport: false },
} as const;

/** What a file imports, by the paths of the files. */
interface Imports {
  readonly atOnce: readonly string[];
  readonly later: readonly string[];
}

type Graph = ReadonlyMap<string, Imports>;

async function readGraph(): Promise<Graph> {
  const graph = new Map<string, Imports>();
  const note: Plugin = {
    name: 'note-imports',
    moduleParsed: ({ id, importedIds, dynamicallyImportedIds }) =>
      void graph.set(id, { atOnce: importedIds, later: dynamicallyImportedIds }),
  };
  const bundle = await rolldown({ ...options, plugins: [note] });
  await bundle.generate({ format: 'esm' });
  await bundle.close();
  return graph;
}

/** The files that those names lead to, `later` also by dynamic imports. */
function reach(names: readonly string[], graph: Graph, how: 'atOnce' | 'later'): ReadonlySet<string> {
  const found = new Set(names.map(fileOf));
  // A set goes on to what is added while it is walked.
  for (const file of found) {
    const { atOnce = [], later = [] } = graph.get(file) ?? {};
    for (const next of how === 'later' ? [...atOnce, ...later] : atOnce) if (graph.has(next)) found.add(next);
  }
  return found;
}

/** Throws where a file is loaded by a name that no entry has: the build would not have it. */
function checkNames(graph: Graph): void {
  for (const file of graph.keys()) {
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/\bownFile\('([^']+)'\)/g))
      if (!ENTRIES.includes(name))
        throw new Error(`${file} loads ${name}, which is no entry in scripts/bundle.ts`);
  }
}

/** Says of each file in which chunk it is; null where the bundler may choose. */
function chunksOf(graph: Graph): (file: string) => string | null {
  const entries = new Set(ENTRIES.map(fileOf));
  const first = reach(FIRST, graph, 'atOnce');
  const kinds = Object.entries(KINDS).map(([kind, names]) => ({
    kind,
    atOnce: reach(names, graph, 'atOnce'),
    later: reach(names, graph, 'later'),
  }));
  const names = new Map<string, string>();
  return (file) => {
    if (entries.has(file)) return null;
    if (first.has(file)) return 'first';
    // What another kind of process can load is apart too, or it would load the rest with it.
    const uses = kinds.map(({ atOnce, later }) => (atOnce.has(file) ? 2 : later.has(file) ? 1 : 0));
    if (!uses.includes(2)) return null;
    const key = uses.join('');
    const users = kinds.filter((_, index) => uses[index] === 2).map(({ kind }) => kind);
    if (!names.has(key)) names.set(key, [...users, names.size].join('-'));
    return names.get(key) ?? null;
  };
}

const graph = await readGraph();
checkNames(graph);
const bundle = await rolldown(options);
await bundle.write({
  dir: join(root, 'dist'),
  format: 'esm',
  entryFileNames: '[name].js',
  // Two folders deep, as src/support/own-files.ts counts.
  chunkFileNames: 'src/chunks/[name]-[hash].js',
  codeSplitting: {
    groups: [{ name: chunksOf(graph), debugName: 'by process' }],
    includeDependenciesRecursively: false,
  },
});
await bundle.close();
