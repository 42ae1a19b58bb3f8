import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { UsageError } from '../../support/errors.ts';
import { commandPath } from '../command-path.ts';
import { isExecutable } from '../executable.ts';
import type { OwnEnvironment } from './accounts.ts';
import type { Identity } from './identity.ts';

/** setpriv(1) of util-linux, which alone can give a process a list of groups before anything of its own is loaded. */
export interface Setpriv {
  /** The words before a command that run it as the identity. */
  readonly words: readonly [string, ...string[]];
  /** env(1), by which that command gets back what setpriv itself must not see. */
  readonly env: string;
}

/** setpriv waits for no network, so it takes milliseconds unless the machine is very busy. */
const LIMIT_MS = 10_000;

/** Finds it and tries it. Rejects with a UsageError where it is missing or cannot do it, naming `source`. */
export async function findSetpriv(source: string, identity: Identity, own: OwnEnvironment): Promise<Setpriv> {
  const { uid, gid, groups } = identity;
  const path = commandPath(own.PATH);
  const file = findFile('setpriv', path);
  const env = findFile('env', path) ?? '/usr/bin/env';
  const cure =
    'install setpriv of util-linux (in Alpine the package setpriv), or set one --group and remove --initgroups';
  if (file === null)
    throw new UsageError(`${source}: it needs the command setpriv, which is not in PATH; ${cure}`);
  const words = [file, `--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(',')}`, '--'] as const;
  const problem = await tryOut([...words, env]);
  if (problem !== null)
    throw new UsageError(`${source}: ${file} cannot give a process its groups (${problem}); ${cure}`);
  return { words, env };
}

/** The words before a command that has it end by TERM when its parent dies (prctl(2)); null where setpriv cannot do that. */
export async function findPdeathsig(own: OwnEnvironment): Promise<readonly string[] | null> {
  const file = findFile('setpriv', commandPath(own.PATH));
  if (file === null) return null;
  const words = [file, '--pdeathsig', 'TERM', '--'] as const;
  return (await tryOut([...words, process.execPath, '--version'])) === null ? words : null;
}

function findFile(name: string, path: string): string | null {
  return (
    path
      .split(delimiter)
      .map((directory) => join(directory, name))
      .find(isExecutable) ?? null
  );
}

/** Its error message in one line; null if it succeeds. */
function tryOut([file, ...args]: readonly [string, ...string[]]): Promise<string | null> {
  return new Promise((settle) => {
    execFile(file, args, { timeout: LIMIT_MS, encoding: 'utf8', env: {} }, (error, _, said) => {
      const [line = ''] = said.trim().split('\n');
      settle(error ? line || error.message : null);
    });
  });
}
