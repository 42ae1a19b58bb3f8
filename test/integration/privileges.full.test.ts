import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { ask } from '../support/http-client.ts';
import { refusal } from '../support/refusal.ts';
import { rootsDirectory } from '../support/roots-directory.ts';
import { asRoot, withTool } from '../support/tools.ts';
import { app, type Running, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const it = asRoot();
const itWithUseradd = process.getuid?.() === 0 ? withTool('useradd', 'userdel') : it;
const whoami = app('whoami.ts:app');
const DAEMON = idsOf('daemon');
const NOBODY = idsOf('nobody');

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** A new user with these supplementary groups, which goes with the test. */
function userIn(...groups: readonly string[]): string {
  const name = `tsunicorn${process.pid}`;
  onTestFinished(() => void spawnSync('userdel', [name]));
  execFileSync('useradd', ['--no-create-home', '--gid', 'nogroup', '--groups', groups.join(','), name]);
  return name;
}

function idsOf(user: string): Ids {
  const [, , uid, gid] = execFileSync('getent', ['passwd', user], { encoding: 'utf8' }).split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** As the kernel shows real, effective, saved and file system ids, and the supplementary groups: none beside the primary one. */
function shown({ uid, gid }: Ids, groups: readonly number[] = []): string {
  return `${Array(4).fill(uid).join(' ')} | ${Array(4).fill(gid).join(' ')} | ${groups.join(' ')}`;
}

async function whoAnswers(
  url: string,
): Promise<{ pid: number; now: string; atImport: string; argv: number } & Record<string, string>> {
  return JSON.parse((await ask({ url })).body);
}

/** A directory that everybody can look into; mkdtemp makes it for us alone. */
function openDirectory(files: Readonly<Record<string, string>> = {}): string {
  const directory = temporaryDirectory(files);
  chmodSync(directory, 0o755);
  return directory;
}

async function stop(running: Running): Promise<void> {
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
}

describe('--user', () => {
  it('is whom companions run as, whose TERM and KILL reach them', async () => {
    const files = {
      'jobs.mjs':
        "console.log('am', process.getuid(), process.getgid(), process.env.USER);\nsetInterval(() => {}, 1000);\n",
      'tsunicorn.config.mjs': `export default { user: 'daemon', gracefulTimeout: 1, companions: {
        jobs: { run: 'jobs.mjs' },
        shell: { run: ['sh', '-c', 'trap "" TERM; echo am $(id -u) $(id -G); sleep 1000 & wait; sleep 1000'] },
      } };\n`,
    };
    const running = await serve([whoami], { cwd: openDirectory(files) });
    await running.waitForLog(new RegExp(`jobs: am ${DAEMON.uid} ${DAEMON.gid} daemon$`, 'm'));
    await running.waitForLog(new RegExp(`shell: am ${DAEMON.uid} ${DAEMON.gid}$`, 'm'));
    await stop(running);
    expect(running.stderr).toMatch(/Companion jobs \(pid: \d+\) ended: the service stops/);
    expect(running.stderr).toMatch(
      /Companion shell \(pid: \d+\) was killed by the arbiter: did not end within/,
    );
  });

  it.each([
    ['async', 'daemon', [], DAEMON],
    ['sync', '54321', ['-g', '54322'], { uid: 54321, gid: 54322 }],
    ['thread', 'nobody', ['--threads', '1'], NOBODY],
  ] as const)(
    'is who a worker of class %s is, before it loads the application (%s)',
    async (kind, user, more, ids) => {
      const options = { cwd: openDirectory(), rootWarning: 'kept' } as const;
      const running = await serve([whoami, '-k', kind, '-u', user, ...more], options);
      const { pid, atImport, now, argv } = await whoAnswers(running.at);
      expect([atImport, now, argv]).toEqual([shown(ids), shown(ids), 2]);
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Groups:[ \t]*$/m);
      expect(statSync(`/proc/${running.pid}`).uid).toBe(0);
      await stop(running);
      expect(running.stderr).not.toMatch(/Running as root|WARNING|ERROR/);
    },
  );

  it('has a watchdog like any other', async () => {
    const running = await serve([app('blocks.ts:app'), '-u', 'nobody', '-t', '0.5'], {
      cwd: openDirectory(),
    });
    expect((await ask({ url: running.at, path: '/spin' })).status).toBe(503);
    await running.waitForLog(/blocked at:\n +at .*blocks\.ts/);
  });

  it('comes with its groups where --initgroups asks for them', async () => {
    const groups = execFileSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).trim().split(' ').map(Number);
    const running = await serve([whoami, '-u', 'nobody', '-g', 'daemon', '--initgroups'], {
      cwd: openDirectory(),
    });
    const [, , list = ''] = (await whoAnswers(running.at)).now.split(' | ');
    // Without an entry of its own, the user is in its primary group alone; initgroups(3) adds the group that is given.
    const expected = new Set([...groups.filter((gid) => gid !== idsOf('nobody').gid), DAEMON.gid]);
    expect(new Set(list.split(' ').map(Number))).toEqual(expected);
    await stop(running);
  });

  itWithUseradd('comes with each of its groups', async () => {
    const user = userIn('daemon', 'games');
    const groups = execFileSync('id', ['-G', user], { encoding: 'utf8' }).trim().split(' ').map(Number);
    expect(groups).toHaveLength(3);
    const running = await serve([whoami, '-u', user, '--initgroups'], { cwd: openDirectory() });
    const { now, atImport } = await whoAnswers(running.at);
    const [, , list = ''] = now.split(' | ');
    expect(list.split(' ').map(Number).toSorted()).toEqual(groups.toSorted());
    expect(atImport).toBe(now);
    await stop(running);
  });

  it('that a reload changes is who the new workers are', async () => {
    const config = (user: string) =>
      `export default { app: ${JSON.stringify(whoami)}, bind: 'unix:app.sock', user: '${user}' };`;
    const cwd = openDirectory({ 'tsunicorn.config.js': config('daemon') });
    const running = start([], { cwd });
    const url = await running.url();
    expect((await whoAnswers(url)).now).toBe(shown(DAEMON));
    writeFileSync(join(cwd, 'tsunicorn.config.js'), config('no-such-user'));
    running.signal('SIGHUP');
    await running.waitForLog(/Reload refused.*tsunicorn\.config\.js: user: there is no user "no-such-user"/);
    writeFileSync(join(cwd, 'tsunicorn.config.js'), config('nobody'));
    running.signal('SIGHUP');
    await running.waitForLog(/Worker exiting/);
    expect((await whoAnswers(url)).now).toBe(shown(NOBODY));
    expect(statSync(join(cwd, 'app.sock'))).toMatchObject(NOBODY);
    await stop(running);
  });

  it('runs the hooks of the worker, and not those of the arbiter', async () => {
    const config = `const say = (what) => () => console.error(what + ' as ' + process.getuid());
      export default { user: 'nobody', onStarting: say('onStarting'), postFork: say('postFork'), workerExit: say('workerExit') };`;
    const running = await serve([whoami], { cwd: openDirectory({ 'tsunicorn.config.js': config }) });
    await stop(running);
    expect(running.stderr.match(/^\w+ as \d+$/gm)).toEqual([
      'onStarting as 0',
      `postFork as ${NOBODY.uid}`,
      `workerExit as ${NOBODY.uid}`,
    ]);
  });
});

describe('what both sides use', () => {
  it('is theirs to use: log files in a directory of root, after USR1 too, and the socket', async () => {
    const cwd = openDirectory();
    const logs = ['error.log', 'access.log'];
    const args = [
      '--error-logfile',
      'error.log',
      '--access-logfile',
      'access.log',
      '-p',
      'app.pid',
      '-m',
      '027',
    ];
    const running = start([whoami, '-u', 'nobody', '-b', 'unix:app.sock', ...args], { cwd });
    const read = (name: string) => (existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), 'utf8') : '');
    await running.waitFor(() => /Listening/.test(read('error.log')), 'the service');
    const url = `unix:${join(cwd, 'app.sock')}`;
    await ask({ url, path: '/before' });
    for (const name of [...logs, 'app.sock']) expect(statSync(join(cwd, name)), name).toMatchObject(NOBODY);
    expect(statSync(join(cwd, 'app.sock')).mode & 0o777).toBe(0o750);
    expect(statSync(join(cwd, 'app.pid')).uid).toBe(0);

    await running.waitFor(() => read('access.log'), 'a line');
    for (const name of logs) renameSync(join(cwd, name), join(cwd, `${name}.1`));
    running.signal('SIGUSR1');
    await running.waitFor(() => existsSync(join(cwd, 'error.log')), 'a new file');
    await running.waitFor(() => {
      ask({ url, path: '/after' }).catch(() => {});
      return /\/after/.test(read('access.log'));
    }, 'a line of the worker in the new file');
    for (const name of logs) expect(statSync(join(cwd, name)), name).toMatchObject(NOBODY);
    expect(read('access.log')).not.toMatch(/before/);
    await stop(running);
  });

  it('is given to the workers by root where logrotate made it for root alone, at USR1, at HUP and when a worker boots', async () => {
    const cwd = rootsDirectory();
    const running = await serve([whoami, '-w', '1', '-u', 'nobody', '--access-logfile', 'access.log'], {
      cwd,
    });
    const file = join(cwd, 'access.log');
    const rotate = () => {
      renameSync(file, `${file}.1`);
      writeFileSync(file, '', { mode: 0o640 });
    };
    const answersIn = async (path: string) =>
      running.waitFor(() => {
        void ask({ url: running.at, path }).catch(() => {});
        return readFileSync(file, 'utf8').includes(path);
      }, `a line of ${path} in the new file`);
    rotate();
    running.signal('SIGUSR1');
    await running.waitForLog(
      /access\.log could not be written by user nobody; its owner was changed to that user/,
    );
    await answersIn('/reopened');
    rotate();
    const [worker = 0] = running.workers();
    process.kill(worker, 'SIGKILL');
    await running.waitForLog(/its owner was changed to that user[\s\S]*its owner was changed to that user/);
    await answersIn('/booted');
    rotate();
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    await answersIn('/reloaded');
    expect(statSync(file).uid).toBe(NOBODY.uid);
    await stop(running);
  });

  it('says so where root must not give it away, and goes on in the old file', async () => {
    const cwd = openDirectory();
    chownSync(cwd, NOBODY.uid, NOBODY.gid);
    const running = await serve([whoami, '-w', '1', '-u', 'nobody', '--access-logfile', 'access.log'], {
      cwd,
    });
    const file = join(cwd, 'access.log');
    renameSync(file, `${file}.1`);
    writeFileSync(file, '', { mode: 0o640 });
    running.signal('SIGUSR1');
    await running.waitForLog(/\[ERROR\] Cannot reopen \S*access\.log \(EACCES\).*logrotate/);
    await running.waitFor(() => {
      ask({ url: running.at, path: '/still' }).catch(() => {});
      return readFileSync(`${file}.1`, 'utf8').includes('/still');
    }, 'a line in the old file');
    chownSync(file, NOBODY.uid, NOBODY.gid);
    await running.waitFor(() => {
      ask({ url: running.at, path: '/again' }).catch(() => {});
      return readFileSync(file, 'utf8').includes('/again');
    }, 'a line in the new file');
    await running.waitForLog(/Reopened \S*access\.log, after/);
    await stop(running);
  });

  it('is no way to have root write or give away what a link in the user’s directory points to', async () => {
    const secret = join(openDirectory({ secret: 'x' }), 'secret');
    chmodSync(secret, 0o600);
    const cwd = openDirectory();
    const logs = join(cwd, 'logs');
    mkdirSync(logs);
    chownSync(logs, NOBODY.uid, NOBODY.gid);
    symlinkSync(secret, join(logs, 'error.log'));
    const line = await refusal([whoami, '-u', 'nobody', '--error-logfile', 'logs/error.log'], { cwd });
    expect(line).toMatch(/^--error-logfile: user nobody cannot write .*error\.log: EACCES; /);
    expect([readFileSync(secret, 'utf8'), statSync(secret).uid]).toEqual(['x', 0]);
  });
});

describe('refused in one line, before anything is bound,', () => {
  it('is a user who does not exist', async () => {
    const line = await refusal([whoami, '-b', 'unix:app.sock', '-u', 'no-such-user']);
    expect(line).toBe('--user: there is no user "no-such-user"; `getent passwd` lists those there are');
  });

  it('is another user than oneself where one is not root', async () => {
    const ids = ['--reuid', `${NOBODY.uid}`, '--regid', `${NOBODY.gid}`, '--clear-groups'];
    const through = ['setpriv', ...ids];
    const cwd = temporaryDirectory();
    const args = [whoami, '-b', 'unix:app.sock', '-u', 'daemon'];
    expect(await refusal(args, { through, cwd })).toMatch(/^--chdir: cannot enter \/.* \(EACCES\); /);
    chmodSync(cwd, 0o755);
    expect(await refusal(args, { through, cwd })).toMatch(
      /^--user: only root can run workers as user daemon; /,
    );
  });
});

describe('root without --user', () => {
  it('is warned once', async () => {
    const running = await serve([whoami], { rootWarning: 'kept' });
    await running.waitForLog(/\[WARNING\] Running as root: /);
    running.signal('SIGHUP');
    await running.waitForLog(/Worker exiting/);
    await stop(running);
    expect(running.stderr.match(/Running as root/g)).toHaveLength(1);
  });
});
