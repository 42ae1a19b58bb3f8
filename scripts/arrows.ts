// Checks which rooms import which: a room is a folder of src/ or workers/, or a file directly in them.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..');

const BOTTOM = ['src/flights', 'src/metrics', 'src/settings', 'src/support'];
const LISTENERS = ['src/log', ...BOTTOM];
const PROCESS = ['src/listeners', ...LISTENERS];
const GATEWAY = ['src/process', ...PROCESS];
const APP = ['src/gateway', ...GATEWAY];
const HTTP = ['src/app', ...APP];
/** What every room of a worker may use. */
const SERVER = ['src/http', 'src/measures', 'src/tls', ...HTTP];
const ENDS = ['src/spans', 'workers/hooks', 'workers/logs', ...SERVER];
const SERVING = ['workers/accept', 'workers/develop', 'workers/end', ...ENDS];
const PHASE = ['workers/serving', ...SERVING];
const HEALTH = ['workers/inbox', 'workers/phase', ...PHASE];
const RECYCLE = ['workers/health', ...HEALTH];
const BOOT = ['src/explain', 'workers/recycle', ...RECYCLE];
const CLASSES = ['workers/boot', ...BOOT];

/**
 * What each room may import, itself apart. The arbiter's side (main, arbiter) and the worker's (workers) never import each
 * other; the arbiter knows neither HTTP nor the application.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  bin: ['src/ctl', 'src/main', 'src/process'],
  'src/main': [
    'src/admin',
    'src/app',
    'src/arbiter',
    'src/control',
    'src/ctl',
    'src/explain',
    'src/init',
    'src/migrate',
    'src/page',
    'src/push',
    'src/tls',
    'src/watch',
    ...GATEWAY,
  ],
  'src/explain': ['src/support'],
  'src/init': ['src/settings', 'src/support'],
  'src/migrate': ['src/settings', 'src/support'],
  'src/admin': GATEWAY,
  'src/push': ['src/process', 'src/metrics', 'src/settings', 'src/support'],
  'src/spans': ['src/push', ...SERVER],
  'src/control': ['src/admin', 'src/arbiter', ...GATEWAY],
  'src/page': ['src/admin', 'src/control', 'src/arbiter', ...GATEWAY],
  // A process of its own, beside the service.
  'src/ctl': ['src/admin', 'src/arbiter', 'src/control', ...GATEWAY],
  'src/arbiter': ['src/explain', 'src/tls', 'src/watch', ...GATEWAY],
  'src/index': ['src/app', 'src/gateway', 'src/library', 'src/process', 'src/settings', 'src/support'],
  'src/library': ['src/main', 'src/arbiter', ...GATEWAY],
  'src/companion': ['src/process'],
  // What an application imports: whatever a worker may use can run with it, but it is nobody's part.
  'src/context': SERVER,
  'src/measures': ['src/metrics', 'src/support'],
  'src/watch': ['src/support'],
  'src/tls': GATEWAY,

  'workers/entry': ['workers/worker', 'workers/classes', ...CLASSES],
  'workers/forked': [],
  'workers/preload': CLASSES,
  'workers/program-entry': ['workers/preload', 'workers/worker', 'workers/classes', ...CLASSES],
  'workers/program-last': ['workers/preload', ...CLASSES],
  'workers/program-trial': ['workers/preload', ...CLASSES],
  'workers/trial': ['workers/classes', ...CLASSES],
  'workers/worker': ['workers/classes', ...CLASSES],
  'workers/classes': CLASSES,
  'workers/boot': BOOT,
  'workers/recycle': RECYCLE,
  'workers/health': HEALTH,
  'workers/phase': PHASE,
  'workers/inbox': PHASE,
  'workers/serving': SERVING,
  'workers/end': ENDS,
  'workers/accept': ENDS,
  'workers/develop': ENDS,
  'workers/hooks': SERVER,
  'workers/logs': SERVER,

  'src/http': HTTP,
  'src/app': APP,
  'src/gateway': GATEWAY,
  'src/process': PROCESS,
  'src/listeners': LISTENERS,
  'src/log': BOTTOM,
  'src/flights': ['src/support'],
  'src/metrics': ['src/support'],
  'src/settings': ['src/support'],
  'src/support': [],
};

/** A source file; `path` is relative to the repository. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/**
 * One line for each import that `rooms` does not allow, dynamic imports and imports of types included, and for each room
 * that it does not have.
 */
export function forbiddenArrows(
  sources: readonly Source[],
  rooms: Readonly<Record<string, readonly string[]>> = ROOMS,
): readonly string[] {
  return sources.flatMap(({ path, text }) => {
    const room = roomOf(path);
    const allowed = rooms[room];
    if (allowed === undefined) return [`${path}: scripts/arrows.ts has no room ${room}`];
    return importsOf(text).flatMap(({ specifier, line }) => {
      const target = roomOf(normalize(join(dirname(path), specifier)));
      if (target === room || allowed.includes(target)) return [];
      return [`${path}:${line}: ${room} must not import ${target} (${specifier})`];
    });
  });
}

/** `src/log` of src/log/syslog/sink.ts, `workers/entry` of workers/entry.ts, `bin` of bin/tsunicorn.ts. */
function roomOf(path: string): string {
  const [top = '', next = ''] = path.split('/');
  return top === 'src' || top === 'workers' ? `${top}/${next.replace(/\.ts$/, '')}` : top;
}

/** `from '…'` of an import or export, `import '…'`, and `import('…')`, also as a type. */
const IMPORT = /\bfrom\s*(['"])(\.[^'"]*)\1|\bimport\s*\(?\s*(['"])(\.[^'"]*)\3/g;

function importsOf(text: string): readonly { readonly specifier: string; readonly line: number }[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[2] ?? match[4] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** Every source file of the product. */
export function productSources(): readonly Source[] {
  return globSync('{bin,src,workers}/**/*.ts', { cwd: root })
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

if (import.meta.main) {
  const forbidden = forbiddenArrows(productSources());
  for (const line of forbidden) process.stderr.write(`${line}\n`);
  if (forbidden.length > 0) process.exitCode = 1;
}
