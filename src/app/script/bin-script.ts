import { dirname, join, resolve } from 'node:path';
import { splitArguments } from '../../settings/sources/split-arguments.ts';
import { fs } from '../../support/builtins.ts';

/** A command of an installed package that Node runs. */
export interface BinScript {
  /** Absolute, symbolic links left in it. */
  readonly file: string;
  /** Of Node, in its first line. */
  readonly options: readonly string[];
}

/** As many bytes of a command as say what runs it. */
const HEAD_BYTES = 4096;

/** Finds a command in the `node_modules/.bin` of `cwd` or above it, or by its path. */
export function binScript(name: string, cwd: string, refuse: (why: string) => never): BinScript {
  const file = name.includes('/') ? resolve(cwd, name) : installed(name, cwd);
  const head = file === null ? null : headOf(file);
  if (file === null || head === null)
    return refuse(
      `${name} is no command of node_modules/.bin in ${cwd}; only what Node runs can be served: name the module`,
    );
  const [, options] = /^#!.*?\bnode\b[ \t]*(.*)/.exec(head) ?? [];
  if (options !== undefined) return { file, options: splitArguments(name, options.trim()) };
  // pnpm, and npm on some systems, write a script of the shell in place of a link.
  const [, target] = /^#!.*sh\b[\s\S]*"\$basedir\/([^"]+)"\s+"\$@"/.exec(head) ?? [];
  if (target !== undefined) return { file: join(dirname(file), target), options: [] };
  if (/\.[cm]?[jt]s$/.test(file)) return { file, options: [] };
  return refuse(`${file} is not run by Node; name the module that serves`);
}

function installed(name: string, cwd: string): string | null {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const file = join(directory, 'node_modules/.bin', name);
    if (fs.existsSync(file)) return file;
    if (directory === dirname(directory)) return null;
  }
}

/** Null where there is no such file, or it cannot be read. */
function headOf(file: string): string | null {
  try {
    const descriptor = fs.openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.toString('latin1', 0, fs.readSync(descriptor, bytes, 0, HEAD_BYTES, 0));
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    // The caller says that there is no such command.
    return null;
  }
}
