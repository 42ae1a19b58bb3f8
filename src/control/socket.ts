import { join } from 'node:path';
import { bind, removeStale } from '../listeners/bind.ts';
import type { Listener } from '../listeners/listener.ts';
import { MAX_PATH_BYTES } from '../settings/address.ts';
import { fs } from '../support/builtins.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { type Asker, makeDirectory } from './directory.ts';

/** What a service asks for. */
export interface SocketRequest {
  /** A path, `auto` or `none`. */
  readonly asked: string;
  /** How error lines name it. */
  readonly source: string;
  /** The name of the service; null where it has none. */
  readonly name: string | null;
  /** Null where a default directory is not to be used. */
  readonly asker: Asker | null;
  /** The path of the old arbiter's control socket, where this is the new arbiter of an upgrade; null otherwise. */
  readonly before: string | null;
}

/** A socket, or why there is none; both null where none is wanted. */
export interface Opened {
  readonly socket: ControlSocket | null;
  readonly why: string | null;
}

/**
 * Binds the control socket; nobody can connect before it listens. Rejects with a UsageError only where a path was asked
 * for by name.
 */
export async function openSocket(request: SocketRequest): Promise<Opened> {
  const { asked, asker, name, before } = request;
  if (asked === 'none' || (asked === 'auto' && asker === null)) return { socket: null, why: null };
  if (asked !== 'auto' || asker === null)
    return { socket: await ControlSocket.bind(request.source, asked, before), why: null };
  const found = makeDirectory(asker);
  if ('why' in found) return { socket: null, why: found.why };
  try {
    return { socket: await inDirectory(found.directory, name, request), why: null };
  } catch (error) {
    return { socket: null, why: messageOf(error) };
  }
}

/** By its name; by the process id too where another service of that name runs. */
async function inDirectory(directory: string, name: string | null, { source, before }: SocketRequest) {
  if (name === null) return ControlSocket.bind(source, join(directory, `${process.pid}.sock`), before);
  const file = fileName(name);
  try {
    return await ControlSocket.bind(source, join(directory, `${file}.sock`), before);
  } catch {
    return ControlSocket.bind(source, join(directory, `${file}.${process.pid}.sock`), before);
  }
}

const LONGEST_NAME = 40;

/** A service's name as part of a path. */
export function fileName(name: string): string {
  return name.replace(/[^\w@-]/g, '_').slice(0, LONGEST_NAME);
}

/**
 * The control socket of one arbiter. It is bound beside its path, as `<path>.<pid>`, and renamed when it listens, so that
 * the path always leads to an arbiter that answers. In an upgrade the path leads to the new arbiter once that serves, and
 * the old one is reached by `<path>.<its pid>`.
 */
export class ControlSocket {
  readonly path: string;
  readonly listener: Listener;
  readonly #own: string;
  readonly #identity: string;
  /** Whether the path is the old arbiter's until this one serves. */
  #isSecond: boolean;

  private constructor(path: string, own: string, listener: Listener, isSecond: boolean) {
    this.path = path;
    this.listener = listener;
    this.#own = own;
    this.#identity = identityOf(own) ?? '';
    this.#isSecond = isSecond;
  }

  /** Rejects with a UsageError that begins with `source`. `before` is the path of the old arbiter of an upgrade. */
  static async bind(source: string, path: string, before: string | null): Promise<ControlSocket> {
    const own = `${path}.${process.pid}`;
    const most = MAX_PATH_BYTES - `.${process.pid}`.length;
    if (Buffer.byteLength(path) > most)
      throw new UsageError(`${source}: the path has at most ${most} bytes; choose a shorter one`);
    refuseForeign(source, path);
    const isSecond = path === before;
    const address = { kind: 'unix', source, path: own, isArbiters: true } as const;
    if (!isSecond) await removeStale({ ...address, path }, path);
    const listener = await bind(address);
    fs.chmodSync(own, 0o600);
    return new ControlSocket(path, own, listener, isSecond);
  }

  /** It listens. */
  listens(): void {
    if (!this.#isSecond) fs.renameSync(this.#own, this.path);
  }

  /** The new arbiter of an upgrade serves: from now on the path leads to it. `old` is the pid of the other one. */
  takeOver(old: number): void {
    if (!this.#isSecond || !this.#isAt(this.#own)) return;
    this.#isSecond = false;
    // A link first, so that the path leads to one of them at each moment.
    this.forget(old);
    if (identityOf(this.path) !== null) fs.linkSync(this.path, `${this.path}.${old}`);
    fs.renameSync(this.#own, this.path);
  }

  /** The new arbiter has ended, and this one is alone again. */
  takeBack(): void {
    if (this.#isAt(this.#own) && !this.#isSecond) fs.renameSync(this.#own, this.path);
  }

  /** The old arbiter has ended, perhaps without removing what it had. */
  forget(old: number): void {
    fs.rmSync(`${this.path}.${old}`, { force: true });
  }

  /** Closes it and removes its file, wherever that is by now. */
  close(): void {
    this.listener.close();
    for (const path of [this.#own, this.path]) if (this.#isAt(path)) fs.rmSync(path, { force: true });
  }

  #isAt(path: string): boolean {
    return identityOf(path) === this.#identity;
  }
}

function refuseForeign(source: string, path: string): void {
  const uid = process.geteuid?.();
  const owner = ownerOf(path);
  if (uid === undefined || owner === null || owner === uid) return;
  throw new UsageError(
    `${source}: the file belongs to another user (uid ${owner}); remove it or choose another path`,
  );
}

function ownerOf(path: string): number | null {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })?.uid ?? null;
  } catch {
    // The directory cannot be entered; the bind says so.
    return null;
  }
}

/** Null where nothing is there. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = fs.lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
