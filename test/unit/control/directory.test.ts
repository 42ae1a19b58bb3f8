import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { candidates, makeDirectory } from '../../../src/control/directory.ts';
import { openSocket } from '../../../src/control/socket.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const uid = process.geteuid?.() ?? 0;
const modeOf = (path: string) => lstatSync(path).mode & 0o777;

describe('the directory of control sockets', () => {
  it('is that of the service manager, of the session, or for root one of its own; never one of everybody', () => {
    const env = { RUNTIME_DIRECTORY: '/run/one:/run/two', XDG_RUNTIME_DIR: '/run/user/7', TMPDIR: '/tmp' };
    expect(candidates({ env, uid: 7 })).toEqual(['/run/one', '/run/user/7/tsunicorn']);
    expect(candidates({ env: { XDG_RUNTIME_DIR: 'relative' }, uid: 0 })).toEqual(['/run/tsunicorn']);
    expect(candidates({ env: {}, uid: 7 })).toEqual([]);
    expect(makeDirectory({ env: {}, uid: 7 })).toEqual({
      why: 'neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set',
    });
  });

  it('is ours alone: it is made so, or has an inner one', () => {
    const session = temporaryDirectory();
    const own = join(session, 'tsunicorn');
    const asker = { env: { XDG_RUNTIME_DIR: session }, uid };
    expect(makeDirectory(asker)).toEqual({ directory: own });
    expect(modeOf(own)).toBe(0o700);
    chmodSync(own, 0o755);
    expect(makeDirectory(asker)).toEqual({ directory: join(own, 'control') });
    expect([modeOf(own), modeOf(join(own, 'control'))]).toEqual([0o755, 0o700]);
  });

  it('is the next one where it cannot be used: a foreign one, a link, a file, one without a parent', () => {
    const session = temporaryDirectory({ file: '' });
    mkdirSync(join(session, 'target'), { mode: 0o700 });
    symlinkSync(join(session, 'target'), join(session, 'link'));
    for (const [RUNTIME_DIRECTORY, owner, why] of [
      [join(session, 'target'), 4711, /belongs to another user/],
      [join(session, 'link'), uid, /no directory/],
      [join(session, 'file'), uid, /no directory/],
      [join(session, 'missing/inner'), uid, /ENOENT/],
    ] as const) {
      const found = makeDirectory({
        env: { RUNTIME_DIRECTORY },
        uid: owner === uid && uid === 0 ? 1 : owner,
      });
      const reason = 'why' in found ? found.why : '';
      if (owner !== uid || uid !== 0) expect(reason).toMatch(why);
      else expect(reason).not.toBe('');
    }
  });
});

describe('a control socket', () => {
  const request = { source: '--control-socket c.sock', name: null, asker: null, before: null };

  it('is none where nothing asks for one', async () => {
    expect(await openSocket({ ...request, asked: 'none' })).toEqual({ socket: null, why: null });
    expect(await openSocket({ ...request, asked: 'auto' })).toEqual({ socket: null, why: null });
  });

  it('is refused in one line where its path cannot be used', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    const refusal = async (asked: string) =>
      openSocket({ ...request, asked }).then(
        () => '',
        (error: Error) => error.message,
      );
    expect(await refusal(join(directory, 'x'.repeat(100)))).toMatch(/the path has at most \d+ bytes/);
    expect(await refusal(join(directory, 'no/c.sock'))).toMatch(/the directory does not exist/);
    expect(await refusal(join(directory, 'file'))).toMatch(/the file exists and is not a socket/);
  });

  it('is named by the service, also by the process where that name is taken', async () => {
    const session = temporaryDirectory();
    const asker = { env: { XDG_RUNTIME_DIR: session }, uid };
    const open = (name: string | null) => openSocket({ ...request, asked: 'auto', asker, name });
    const unnamed = await open(null);
    const named = await open('a shop/7');
    expect(unnamed.socket?.path).toBe(join(session, 'tsunicorn', `${process.pid}.sock`));
    expect(named.socket?.path).toBe(join(session, 'tsunicorn', 'a_shop_7.sock'));
    for (const { socket } of [unnamed, named]) socket?.close();
  });
});
