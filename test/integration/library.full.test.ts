import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesWith } from '../support/command.ts';
import { onTestFinished, tellTestsApart } from '../support/current-test.ts';
import { built, root, temporaryDirectory } from '../support/tsunicorn.ts';

tellTestsApart();

const LIBRARY = join(built, 'src/index.js');
const files = {
  'app.mjs': 'export default (req, res) => res.end((process.env.STAGE ?? "none") + " " + process.pid);',
  'slow.mjs': 'export default (req, res) => void setTimeout(() => res.end("slow"), 500);',
};

interface Said {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the program printed, a JSON value a line. */
  readonly said: readonly unknown[];
  readonly stderr: string;
  readonly left: readonly number[];
}

/** Runs a program that uses the library, in a directory with the applications; `say(value)` prints. */
async function program(text: string, more: Readonly<Record<string, string>> = {}): Promise<Said> {
  const mark = `library-${process.pid}-${Math.random()}`;
  const host = `import http from 'node:http';
    import * as tsunicorn from ${JSON.stringify(LIBRARY)};
    const { createService } = tsunicorn;
    const say = (value) => console.log(JSON.stringify(value));
    const get = (url) => new Promise((resolve, reject) => {
      http.get(url, { agent: false }, async (res) => resolve((await res.toArray()).join(''))).on('error', reject);
    });
    const failure = (promise) => promise.then(() => 'none', (error) => [error.constructor.name, error.message]);
    ${text}`;
  const cwd = temporaryDirectory({ ...files, ...more, 'host.mjs': host });
  const child = spawn(process.execPath, ['host.mjs'], { cwd, env: { ...process.env, TEST_RUN: mark } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    stdout += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece) => {
    stderr += piece;
  });
  const [status, signal] = await once(child, 'close');
  const said = stdout
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
  return { status, signal, said, stderr, left: processesWith(`TEST_RUN=${mark}`) };
}

const ANY = "bind: '127.0.0.1:0'";

describe('a service in a program', () => {
  it.concurrent('has a control socket only where one is asked for', async () => {
    const { said, stderr } = await program(`
      import { readdirSync } from 'node:fs';
      process.env.XDG_RUNTIME_DIR = process.cwd();
      const settings = { app: 'app.mjs', ${ANY} };
      const status = () => new Promise((resolve) => http.get({ socketPath: 'c.sock', path: '/v1/status' }, async (res) =>
        resolve(JSON.parse((await res.toArray()).join('')).phase)));
      const plain = createService(settings);
      await plain.ready;
      say(readdirSync('.').filter((name) => /sock|tsunicorn/.test(name)));
      await plain.stop();
      const asked = createService({ ...settings, controlSocket: 'c.sock' });
      await asked.ready;
      say(await status());
      await asked.stop();
      say(readdirSync('.').filter((name) => /sock|tsunicorn/.test(name)));
    `);
    expect({ said, stderr: /rror/.test(stderr) }).toEqual({ said: [[], 'serving', []], stderr: false });
  });

  it('serves, scales, reloads and stops, and leaves the process as it was', async () => {
    const { status, said, stderr, left } = await program(`
      const state = () => [process.title, process.cwd(), process.umask(), process.eventNames().map(String), process.env.STAGE];
      const before = JSON.stringify(state());
      {
        await using service = createService({ app: 'app.mjs', workers: 2, ${ANY}, env: { STAGE: 'first' } });
        say(service.urls);
        await service.ready;
        const [url] = service.urls;
        say((await get(url)).split(' ')[0]);
        await service.scale(3);
        say(service.status.workers.ready);
        await service.scale(1);
        say(service.status.workers.ready);
        await service.reload({ app: 'app.mjs', workers: 1, ${ANY}, env: { STAGE: 'second' } });
        say((await get(url)).split(' ')[0]);
        say(service.urls[0] === url);
        say(before === JSON.stringify(state()) || [before, state()]);
      }
      say('stopped');
      say(before === JSON.stringify(state()) || [before, state()]);
      say(process.getActiveResourcesInfo().filter((what) => what === 'Timeout'));
    `);
    expect({ status, said, left }, stderr).toEqual({
      status: 0,
      said: [[], 'first', 3, 1, 'second', true, true, 'stopped', true, []],
      left: [],
    });
  });

  it('runs beside another one', async () => {
    const { said, left } = await program(`
      const one = createService({ app: 'app.mjs', ${ANY}, env: { STAGE: 'one' } });
      const two = createService({ app: 'app.mjs', ${ANY}, env: { STAGE: 'two' }, workers: 2 });
      await Promise.all([one.ready, two.ready]);
      await one.reload();
      say([(await get(one.urls[0])).split(' ')[0], (await get(two.urls[0])).split(' ')[0]]);
      await one.stop();
      say(await failure(get(one.urls[0])).then(([name]) => name));
      say((await get(two.urls[0])).split(' ')[0]);
      await two.stop({ quick: true });
      say([await one.ended, await two.ended]);
    `);
    expect({ said, left }).toEqual({ said: [['one', 'two'], 'Error', 'two', [0, 0]], left: [] });
  });

  it('finishes its requests when it is stopped', async () => {
    const { said } = await program(`
      const service = createService({ app: 'slow.mjs', ${ANY} });
      await service.ready;
      const answer = get(service.urls[0]);
      await new Promise((later) => setTimeout(later, 100));
      await service.stop();
      say(await answer);
    `);
    expect(said).toEqual(['slow']);
  });

  it('tells what happens as records, also those that are not logged', async () => {
    const { said, stderr } = await program(`
      const service = createService({ app: 'app.mjs', ${ANY}, errorLogfile: 'log' });
      const events = [];
      service.on('*', ({ event, level, time }) => events.push([event, level, time instanceof Date].join(' ')));
      service.on('worker-ready', ({ worker }) => say([worker.slot, worker.generation, worker.pid > 0]));
      const off = service.on('stopped', () => say('never'));
      off();
      await service.ready;
      await service.stop();
      say(events.filter((line) => !line.startsWith('settings-questionable') && !line.startsWith('code-')));
    `);
    expect(stderr).toBe('');
    expect(said).toEqual([
      [0, 1, true],
      [
        'starting info true',
        'worker-class info true',
        'worker-booting info true',
        'worker-ready debug true',
        'listening info true',
        'application info true',
        'worker-retiring debug true',
        'worker-exited info true',
        'stopped info true',
      ],
    ]);
  });

  it('calls the hooks of the arbiter, of the program and of a profile of a configuration file', async () => {
    const { said } = await program(
      `const service = createService(
         { ...{ ${ANY} }, whenReady: (arbiter) => say(['ready', arbiter.workers]), onReload: () => say('reload') },
         { config: 'c.mjs:Production' },
       );
       await service.ready;
       say((await get(service.urls[0])).split(' ')[0]);
       await service.reload();
       await service.stop();`,
      {
        'c.mjs': `export class Production {
          static app = 'app.mjs';
          static workers = 2;
          static postFork() { process.env.STAGE = 'hooked'; }
        }`,
      },
    );
    expect(said).toEqual([['ready', 2], 'hooked', 'reload']);
  });

  it('takes signals and the title where the program asks for that', async () => {
    const { status, said } = await program(`
      const service = createService({ app: 'app.mjs', ${ANY}, name: 'shop' }, { signals: true, title: true });
      await service.ready;
      say(process.title);
      const reloaded = new Promise((done) => service.on('reload-promoted', done));
      process.kill(process.pid, 'SIGHUP');
      say((await reloaded).generation);
      process.kill(process.pid, 'SIGTERM');
      say(await service.ended);
      say(process.listenerCount('SIGTERM'));
    `);
    expect({ status, said }).toEqual({ status: 0, said: ['tsunicorn: arbiter [shop]', 2, 0, 0] });
  });

  it('can be used from code that is given on the command line of Node', async () => {
    const text = `import { createService } from ${JSON.stringify(LIBRARY)};
      const service = createService({ app: 'app.mjs', ${ANY} });
      await service.ready; await service.reload();
      console.log((await (await fetch(service.urls[0])).text()).split(' ')[0]);
      await service.stop();`;
    const cwd = temporaryDirectory(files);
    const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      stdout += piece;
    });
    const [status] = await once(child, 'close');
    expect([status, stdout]).toEqual([0, 'none\n']);
  });

  it('ends its workers when the program ends without stopping it', async () => {
    const { status, left } = await program(`
      const service = createService({ app: 'app.mjs', workers: 2, ${ANY}, gracefulTimeout: 1 });
      await service.ready;
      process.exit(5);
    `);
    expect(status).toBe(5);
    await expect.poll(() => left.filter((pid) => processIsAlive(pid)), { timeout: 10_000 }).toEqual([]);
  });
});

describe('what goes wrong is an exception', () => {
  it.each([
    ['no application', '{}', '{}', 'UsageError', /^createService\(\): app: it is missing; write/],
    [
      'a wrong value',
      "{ app: 'app.mjs', workers: 0 }",
      '{}',
      'UsageError',
      /^createService\(\): workers: expected/,
    ],
    ['an unknown setting', "{ app: 'app.mjs', wrokers: 2 }", '{}', 'UsageError', /did you mean "workers"\?/],
    [
      'an address',
      "{ app: 'app.mjs', bind: 'a:b:c' }",
      '{}',
      'UsageError',
      /^createService\(\): bind a:b:c: /,
    ],
    [
      'a daemon',
      "{ app: 'app.mjs', daemon: true }",
      '{}',
      'UsageError',
      /^createService\(\): daemon: it would/,
    ],
    ['a umask', "{ app: 'app.mjs', umask: 0o22 }", '{}', 'UsageError', /^createService\(\): umask: it would/],
    [
      'a hook of workers',
      "{ app: 'app.mjs', preRequest() {} }",
      '{}',
      'UsageError',
      /preRequest: it runs in the workers/,
    ],
    ['a missing profile', '{}', "{ config: 'c.mjs:Prod' }", 'UsageError', /^c\.mjs: it has no profile Prod/],
    ['a missing module', `{ app: 'none.mjs', ${ANY} }`, '{}', 'BootError', /^none\.mjs: there is no module/],
    [
      'a module that throws',
      `{ app: 'throws.mjs', ${ANY} }`,
      '{}',
      'BootError',
      /^throws\.mjs: .*no database/,
    ],
  ])('%s', async (_what, settings, options, name, message) => {
    const more = {
      'c.mjs': 'export const production = {};',
      'throws.mjs': 'throw new Error("no database");',
    };
    const { status, said, left } = await program(
      `const service = createService(${settings}, ${options});
       say(await failure(service.ready));
       await service.stop();`,
      more,
    );
    expect({ status, said, left }).toEqual({
      status: 0,
      said: [[name, expect.stringMatching(message)]],
      left: [],
    });
  });

  it('of a reload, and the old workers keep serving with the old settings', async () => {
    const { said } = await program(`
      const settings = { app: 'app.mjs', ${ANY}, env: { STAGE: 'old' } };
      const service = createService(settings);
      await service.ready;
      for (const changed of [{ app: 'none.mjs' }, { workers: 0 }, { bind: 'unix:/nowhere/x.sock' }])
        say(await service.reload({ ...settings, ...changed }).catch((error) => [error.constructor.name, error.outcome]));
      await service.reload();
      say((await get(service.urls[0])).split(' ')[0]);
      await service.stop();
      say(await failure(service.reload()));
    `);
    expect(said).toEqual([
      ['ReloadError', 'undone'],
      ['ReloadError', 'refused'],
      ['ReloadError', 'refused'],
      'old',
      ['StoppedError', 'the service has stopped'],
    ]);
  });

  it('of a number of workers, and of a stop before the service was ready', async () => {
    const { said } = await program(`
      const limited = createService({ app: 'app.mjs', ${ANY}, workersMin: 1, workersMax: 2 });
      await limited.ready;
      for (const count of [0, 1.5, 3]) say(await failure(limited.scale(count)));
      await limited.stop();
      const service = createService({ app: 'app.mjs', ${ANY} });
      await service.stop();
      say(await failure(service.ready));
    `);
    expect(said).toEqual([
      ['UsageError', 'scale(): expected a whole number ≥ 1, got 0'],
      ['UsageError', 'scale(): expected a whole number ≥ 1, got 1.5'],
      ['UsageError', expect.stringMatching(/workers-max is reached$/)],
      ['StoppedError', 'the service has stopped'],
    ]);
  });
});

it('a service leaves no descriptor behind, and nothing that hears what comes at one of its numbers', async () => {
  const { said } = await program(
    `import { readdirSync } from 'node:fs';
    import net from 'node:net';
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const settings = { app: 'app.mjs', ${ANY}, adminBind: '127.0.0.1:0', errorLogfile: 'log' };
    const opened = [];
    for (let times = 0; times < 3; times++) {
      const service = createService(settings);
      await service.ready;
      await service.stop();
      const refused = createService({ ...settings, adminBind: '203.0.113.1:80' });
      say((await failure(refused.ended))[0]);
      opened.push(descriptors());
    }
    say(opened[2] - opened[0]);
    const servers = Array.from({ length: 8 }, () => net.createServer((socket) => socket.end('heard')).listen(0, '127.0.0.1'));
    for (const server of servers) {
      await new Promise((resolve) => server.listening ? resolve() : server.once('listening', resolve));
      say(await new Promise((resolve) => {
        const timer = setTimeout(() => resolve('nothing'), 5000);
        net.connect(server.address().port).on('data', (text) => {
          clearTimeout(timer);
          resolve(String(text));
        });
      }));
    }
    process.exit();`,
  );
  expect(said).toEqual([...Array(3).fill('BindError'), 0, ...Array(8).fill('heard')]);
});

it('each example of docs/library.md runs', async () => {
  const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
  const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(2);
  for (const example of examples) {
    const text = example.replaceAll("from 'tsunicorn'", `from ${JSON.stringify(LIBRARY)}`);
    const cwd = temporaryDirectory({ ...files, 'app.ts': files['app.mjs'], 'example.ts': text });
    const child = spawn(process.execPath, ['example.ts'], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (piece) => {
      stderr += piece;
    });
    const [status] = await once(child, 'close');
    expect(status, `${text}\n${stderr}`).toBe(0);
  }
});

function processIsAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
