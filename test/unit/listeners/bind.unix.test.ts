import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bind } from '../../../src/listeners/bind.ts';
import type { Listener } from '../../../src/listeners/listener.ts';
import { parseAddress } from '../../../src/settings/address.ts';
import { UsageError } from '../../../src/support/errors.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const socketIn = (directory: string) => join(directory, 'app.sock');

async function bindPath(path: string): Promise<Listener> {
  const listener = await bind(parseAddress('--bind', `unix:${path}`));
  onTestFinished(() => listener.close());
  return listener;
}

const refusal = (path: string) =>
  bindPath(path).then(
    () => 'it was bound',
    (error: unknown) => (error instanceof UsageError ? error.message : `no UsageError: ${error}`),
  );

/** A server of somebody else's on the path. */
async function listenOn(path: string): Promise<net.Server> {
  const server = net.createServer().listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

/** A socket file that nobody holds any more, as after a crash. */
async function leaveStale(path: string): Promise<void> {
  const server = await listenOn(`${path}.live`);
  renameSync(`${path}.live`, path);
  await new Promise((closed) => server.close(closed));
}

describe('a path', () => {
  it('is there once it is bound and gone once it is closed', async () => {
    const path = socketIn(temporaryDirectory());
    const listener = await bindPath(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(listener.url).toBe(`unix:${path}`);
    listener.close();
    listener.close();
    expect(existsSync(path)).toBe(false);
  });

  it('leaves nothing else in its directory', async () => {
    const directory = temporaryDirectory();
    await bindPath(socketIn(directory));
    expect(readdirSync(directory)).toEqual(['app.sock']);
  });

  it('may be relative, and is shown absolute', async () => {
    const path = socketIn(temporaryDirectory());
    const { url } = await bindPath(relative(process.cwd(), path));
    expect(url).toBe(`unix:${path}`);
  });

  it('that a crash has left is taken over', async () => {
    const path = socketIn(temporaryDirectory());
    await leaveStale(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    const before = lstatSync(path, { bigint: true }).ctimeNs;
    await bindPath(path);
    expect(lstatSync(path, { bigint: true }).ctimeNs).not.toBe(before);
  });

  it('on which a server listens is refused, and the server lives on', async () => {
    const path = socketIn(temporaryDirectory());
    await listenOn(path);
    expect(await refusal(path)).toMatch(/^--bind unix:\S+: another server is listening there; /);
    await once(net.connect(path).end(), 'connect');
  });

  it('of a file that is no socket is refused, and the file kept', async () => {
    const path = socketIn(temporaryDirectory());
    writeFileSync(path, 'precious');
    expect(await refusal(path)).toMatch(/^--bind unix:\S+: the file exists and is not a socket; /);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('of a link is refused, and the link kept', async () => {
    const directory = temporaryDirectory();
    symlinkSync(join(directory, 'elsewhere'), socketIn(directory));
    expect(await refusal(socketIn(directory))).toMatch(/not a socket/);
    expect(lstatSync(socketIn(directory)).isSymbolicLink()).toBe(true);
  });

  it('in a directory that is not there is refused with that reason', async () => {
    const path = join(temporaryDirectory(), 'missing', 'app.sock');
    expect(await refusal(path)).toMatch(/^--bind unix:\S+: the directory does not exist; create it/);
  });

  it('below a file is refused with a reason', async () => {
    const path = socketIn(temporaryDirectory({ 'app.sock': '' }));
    expect(await refusal(join(path, 'app.sock'))).toMatch(/^--bind unix:\S+: the directory does not exist/);
  });

  it('of 107 bytes is bound, however short its last part', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, `${'d'.repeat(107 - directory.length - 3)}`);
    mkdirSync(path);
    const full = join(path, 's');
    expect(Buffer.byteLength(full)).toBe(107);
    expect((await bindPath(full)).url).toBe(`unix:${full}`);
  });

  it('that only becomes too long when it is made absolute is refused with the limit', async () => {
    const directory = temporaryDirectory();
    const deep = join(directory, 'd'.repeat(110));
    mkdirSync(deep);
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(deep);
    expect(await refusal('app.sock')).toMatch(/at most 107 bytes/);
  });

  it.each([0o000, 0o077, 0o117])('has the mode that the umask %o leaves', async (mask) => {
    const path = socketIn(temporaryDirectory());
    const before = process.umask(mask);
    onTestFinished(() => void process.umask(before));
    await bindPath(path);
    expect(lstatSync(path).mode & 0o777).toBe(0o777 & ~mask);
  });
});

describe.runIf(existsSync('/proc/net/unix'))('a path that is bound and not listened on yet', () => {
  it('is refused: its workers boot', async () => {
    const path = socketIn(temporaryDirectory());
    const listener = await bindPath(path);
    await expect(bindPath(path)).rejects.toThrow(/another server is listening there/);
    listener.close();
  });
});

describe('a path that somebody else has taken meanwhile', () => {
  it('is left alone when it is a socket', async () => {
    const path = socketIn(temporaryDirectory());
    const listener = await bindPath(path);
    rmSync(path);
    const other = await bindPath(path);
    listener.close();
    expect(lstatSync(path).isSocket()).toBe(true);
    other.close();
    expect(existsSync(path)).toBe(false);
  });

  it('is left alone when it is a file', async () => {
    const path = socketIn(temporaryDirectory());
    const listener = await bindPath(path);
    writeFileSync(`${path}.new`, 'precious');
    renameSync(`${path}.new`, path);
    listener.close();
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('may be gone altogether', async () => {
    const directory = temporaryDirectory();
    const listener = await bindPath(socketIn(directory));
    renameSync(socketIn(directory), join(directory, 'moved'));
    listener.close();
    expect(existsSync(join(directory, 'moved'))).toBe(true);
  });
});
