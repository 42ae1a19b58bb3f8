import type { HandedListener } from '../src/ipc.ts';

/** The descriptor that a sync worker may have a listener on, as libuv never closes it (workers/doors.ts). */
export const STDIN_FD = 0;

/**
 * Hides descriptor 0 from the application where it is a listener. Node's process.stdin would take it for a file or a
 * pipe, and throw or end it; a child that inherits it could accept our connections, and libuv would make it blocking for
 * every worker that shares it. Both see an empty input, as without a terminal. To be called before any foreign code runs.
 */
export function hideStdin(listeners: readonly HandedListener[]): void {
  if (!listeners.some(({ fd }) => fd === STDIN_FD)) return;
  const { Readable } = process.getBuiltinModule('node:stream');
  const empty = Readable.from([]);
  Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, get: () => empty });
  guardChildren();
}

/** Replaces, in the module itself, the four functions through which every child is spawned. */
function guardChildren(): void {
  const children = process.getBuiltinModule('node:child_process');
  // What spawn(), exec(), execFile() and fork() have in common; the types leave it out.
  guard(children.ChildProcess.prototype, 'spawn');
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) guard(children, name);
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
}

function guard(owner: object, name: string): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') throw new TypeError(`node:child_process has no ${name} to be guarded`);
  const guarded = function (this: unknown, ...args: readonly unknown[]): unknown {
    return Reflect.apply(original, this, args.map(withoutStdin));
  };
  Reflect.set(owner, name, Object.defineProperty(guarded, 'name', { value: name }));
}

/** The options among the arguments, with nothing that would lead to descriptor 0; all else as it is. */
function withoutStdin(argument: unknown): unknown {
  if (typeof argument !== 'object' || argument === null || !('stdio' in argument)) return argument;
  const { stdio } = argument;
  if (stdio === 'inherit') return { ...argument, stdio: ['ignore', 'inherit', 'inherit'] };
  if (!Array.isArray(stdio)) return argument;
  return { ...argument, stdio: stdio.map((entry, index) => (isStdin(entry, index) ? 'ignore' : entry)) };
}

function isStdin(entry: unknown, index: number): boolean {
  if (entry === 'inherit') return index === STDIN_FD;
  if (typeof entry !== 'object' || entry === null) return entry === STDIN_FD;
  return entry === process.stdin || ('fd' in entry && entry.fd === STDIN_FD);
}
