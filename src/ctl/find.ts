import { basename, join } from 'node:path';
import { candidates, placesIn } from '../control/directory.ts';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf } from '../support/errors.ts';
import { Client, type StatusAnswer } from './client.ts';
import { Failure, STATUS } from './failure.ts';

/** Which service is meant; nothing where there is only one. */
export interface Choice {
  readonly socket: string | null;
  readonly name: string | null;
  readonly pidfile: string | null;
  readonly env: NodeJS.ProcessEnv;
}

/** A service that answers. */
export interface FoundService {
  readonly client: Client;
  readonly status: StatusAnswer;
}

const PATIENCE_MS = 2000;

/** The control socket of the service that is meant. Rejects with a Failure where there is none, or more than one. */
export async function choose({ socket, name, pidfile, env }: Choice): Promise<Client> {
  const variable = env.TSUNICORN_CONTROL_SOCKET;
  const given = socket ?? (variable === 'auto' || variable === 'none' ? null : variable) ?? null;
  if (given !== null && given !== '') return new Client(given);
  const pid = pidfile === null ? null : readPid(pidfile);
  const all = await findAll(env);
  const named = all.filter(({ status }) => name === null || status.name === name);
  const found = named.filter(({ status }) => pid === null || isMeant(status, pid));
  const [first, second] = found;
  if (first === undefined) throw new Failure(STATUS.noService, notFound(name, pidfile, pid));
  if (second === undefined) return first.client;
  const others = found.map(({ status }) => `${status.name ?? 'unnamed'} (pid ${status.pid})`);
  throw new Failure(
    STATUS.refused,
    `${found.length} services run here: ${others.join(', ')}; choose one with --name, -p or --socket`,
  );
}

/** During an upgrade the pidfile may have the pid of either arbiter. */
function isMeant({ pid, arbiters }: StatusAnswer, wanted: number): boolean {
  return pid === wanted || arbiters.old === wanted || arbiters.new === wanted;
}

function notFound(name: string | null, pidfile: string | null, pid: number | null): string {
  if (pid !== null)
    return `${pidfile}: process ${pid} has no control socket that answers; is it running, and with --control-socket?`;
  const which = name === null ? 'no service' : `no service of the name ${name}`;
  return `${which} of this user with a control socket runs here; tsunicornctl ls shows what there is, and --socket names one`;
}

/**
 * Every service with a control socket that answers this user: those in the default directories, and those whose arbiter
 * has bound another path. Of the two arbiters of an upgrade the one that is in charge.
 */
export async function findAll(env: NodeJS.ProcessEnv): Promise<readonly FoundService[]> {
  const paths = new Set([...inDirectories(env), ...boundByArbiters()]);
  const asked = await Promise.all([...paths].map(ask));
  const answering = asked.filter((one) => one !== null);
  const byPid = new Map(answering.map((one) => [one.status.pid, one]));
  const services = [...byPid.values()];
  const replaced = new Set(services.map(({ status }) => status.arbiters.old));
  return services.filter(({ status }) => !replaced.has(status.pid)).toSorted(byNameAndPid);
}

function byNameAndPid({ status: one }: FoundService, { status: other }: FoundService): number {
  return (one.name ?? '').localeCompare(other.name ?? '') || one.pid - other.pid;
}

async function ask(path: string): Promise<FoundService | null> {
  const client = new Client(path);
  try {
    return { client, status: await client.status({ patienceMs: PATIENCE_MS }) };
  } catch {
    // It has ended, belongs to another user, or is something else.
    return null;
  }
}

function inDirectories(env: NodeJS.ProcessEnv): readonly string[] {
  const uid = process.geteuid?.();
  return candidates({ env, uid })
    .flatMap(placesIn)
    .flatMap((directory) => sockets(directory));
}

function sockets(directory: string): readonly string[] {
  try {
    return fs
      .readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isSocket())
      .map(({ name }) => join(directory, name));
  } catch {
    // It does not exist, or belongs to another user.
    return [];
  }
}

/** A control socket is bound as `<path>.<pid of its arbiter>`. */
function boundByArbiters(): readonly string[] {
  const pids = new Set(arbiters().map(({ pid }) => pid));
  return boundPaths().flatMap((bound) => {
    const [, path = '', pid = ''] = /^(.+)\.(\d+)$/.exec(bound) ?? [];
    if (!pids.has(Number(pid))) return [];
    return fs.existsSync(bound) ? [bound] : [path];
  });
}

function boundPaths(): readonly string[] {
  try {
    const lines = fs.readFileSync('/proc/net/unix', 'utf8').split('\n').slice(1);
    return [...new Set(lines.flatMap((line) => / (\/.*)$/.exec(line)?.[1] ?? []))];
  } catch {
    // macOS has no such table.
    return [];
  }
}

/** An arbiter process, by its title. */
export interface ArbiterProcess {
  readonly pid: number;
  readonly name: string | null;
}

/** The arbiters of this user, and for root of all users; none where the system has no /proc. */
export function arbiters(): readonly ArbiterProcess[] {
  try {
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => arbiterOf(Number(pid)));
  } catch {
    return [];
  }
}

function arbiterOf(pid: number): readonly ArbiterProcess[] {
  try {
    const uid = process.geteuid?.();
    if (uid !== 0 && fs.statSync(`/proc/${pid}`).uid !== uid) return [];
    const title = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0.*$/s, '');
    const [found, name = null] = /^tsunicorn: arbiter(?: \[(.*)\])?/.exec(title) ?? [];
    return found === undefined ? [] : [{ pid, name }];
  } catch {
    // It has ended.
    return [];
  }
}

function readPid(path: string): number {
  try {
    const pid = Number.parseInt(fs.readFileSync(path, 'utf8'), 10);
    if (pid > 0) return pid;
  } catch (error) {
    throw new Failure(
      STATUS.noService,
      `${path}: cannot read the pidfile (${codeOf(error) ?? messageOf(error)})`,
    );
  }
  throw new Failure(STATUS.refused, `${basename(path)} holds no process id`);
}
