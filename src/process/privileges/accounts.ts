import { execFile } from 'node:child_process';
import { fs } from '../../support/builtins.ts';
import { codeOf } from '../../support/errors.ts';
import { commandPath } from '../command-path.ts';

/** A line of passwd(5). */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

type Database = 'passwd' | 'group';

/** A directory service that does not answer must not hold up the start for ever. */
const LIMIT_MS = 10_000;
// getent(1): "one or more supplied keys could not be found".
const NOT_FOUND = 2;

/** The environment that getent(1) gets: nothing that the settings add, since it runs with the rights of root. */
export interface OwnEnvironment {
  readonly PATH?: string | undefined;
}

/** The account of a name or number; null where there is none. */
export async function findAccount(user: string, own: OwnEnvironment): Promise<Account | null> {
  const fields = await findEntry('passwd', user, own);
  if (fields === null) return null;
  const [name = '', , uid, gid, , home = ''] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** The number of a group, given by its name or number; null where there is none. */
export async function findGroup(group: string, own: OwnEnvironment): Promise<number | null> {
  const fields = await findEntry('group', group, own);
  return fields === null ? null : Number(fields[2]);
}

/**
 * The entry by its name or number, from whatever the system has (LDAP, sssd), by getent(1); where that is missing or
 * fails, from the file.
 */
async function findEntry(
  database: Database,
  key: string,
  own: OwnEnvironment,
): Promise<readonly string[] | null> {
  // No such name can exist, and getent would take the first for an option.
  if (/^-|[:\s]/.test(key)) return null;
  const line = await getent(database, key, own);
  return line === undefined ? fromFile(database, key) : (line?.split(':') ?? null);
}

/** The line; null where there is none, undefined where getent could not say. */
function getent(
  database: Database,
  key: string,
  { PATH }: OwnEnvironment,
): Promise<string | null | undefined> {
  return new Promise((settle) => {
    execFile(
      'getent',
      [database, key],
      { timeout: LIMIT_MS, encoding: 'utf8', env: { PATH: commandPath(PATH) } },
      (error, text) => {
        if (error) settle(error.code === NOT_FOUND ? null : undefined);
        else settle(text.split('\n')[0] || null);
      },
    );
  });
}

function fromFile(database: Database, key: string): readonly string[] | null {
  try {
    const lines = fs.readFileSync(`/etc/${database}`, 'utf8').split('\n');
    return findLine(lines, key);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The fields of the line whose name, or else whose number, is `key`. */
export function findLine(lines: readonly string[], key: string): readonly string[] | null {
  const entries = lines
    .map((line) => line.split(':'))
    .filter(([name = '', , number]) => !name.startsWith('#') && number);
  return entries.find(([name]) => name === key) ?? entries.find(([, , number]) => number === key) ?? null;
}
