import { dirname, join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { UsageError } from '../support/errors.ts';

/** How this process was started; an upgrade and each reload start from the same. */
export interface Start {
  /** The arguments after the script. */
  readonly argv: readonly string[];
  /** The environment before anything was added to it. */
  readonly env: NodeJS.ProcessEnv;
  /** The working directory as the kernel knows it. */
  readonly cwd: string;
  /** The same directory with its symbolic links (`current` → `releases/7`) kept, where that name is known. */
  readonly namedCwd: string;
}

/** To be called before anything changes the environment or the working directory. */
export function readStart(argv: readonly string[], script = process.argv[1] ?? ''): Start {
  const env = { ...process.env };
  const cwd = process.cwd();
  return { argv, env, cwd, namedCwd: nameOf(cwd, env, script) };
}

/**
 * The shell's name of the directory (PWD). A service manager sets none: then its name in the path of our own command
 * (`/srv/app/current/node_modules/.bin/tsunicorn`). Either is used only where it is the same directory.
 */
function nameOf(cwd: string, { PWD }: NodeJS.ProcessEnv, script: string): string {
  const names = [...(PWD?.startsWith('/') ? [PWD] : []), ...ancestorsOf(script)];
  return names.find((name) => name !== cwd && isSame(name, cwd)) ?? cwd;
}

/** The path of our own script, with the named working directory where the script is inside it. */
export function namedScript({ cwd, namedCwd }: Start, script = process.argv[1] ?? ''): string {
  return script.startsWith(`${cwd}/`) ? join(namedCwd, script.slice(cwd.length)) : script;
}

/** Resolves the name of the working directory again, without links. Throws a UsageError where it is gone. */
export function presentCwd({ namedCwd }: Start): string {
  try {
    const cwd = fs.realpathSync(namedCwd);
    if (fs.statSync(cwd).isDirectory()) return cwd;
  } catch {
    // It is gone, or a broken link.
  }
  throw new UsageError(`the working directory ${namedCwd} is gone; create it again, or restart elsewhere`);
}

function ancestorsOf(path: string): readonly string[] {
  const above = dirname(path);
  return above === path || !path.startsWith('/') ? [] : [above, ...ancestorsOf(above)];
}

function isSame(one: string, other: string): boolean {
  try {
    const [a, b] = [fs.statSync(one), fs.statSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    // It does not exist, or this user cannot access it.
    return false;
  }
}
