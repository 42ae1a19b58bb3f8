import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get, pidsThatAnswer } from '../support/client.ts';
import { run } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { startLoad } from '../support/load.ts';
import { type Running, root, start } from '../support/tsunicorn.ts';

const program = (listen: string, answer = 'process.pid') =>
  `const server = require('node:http').createServer((req, res) => res.end(String(${answer})));\nserver.listen(${listen});\n`;

/** A program of which nothing but its own listen() says where it is served. */
function startProgram(listen: string, args: readonly string[] = [], before = ''): Running {
  const files = { 'server.cjs': before + program(listen) };
  return start(['server.cjs', '-w', '2', '--log-level', 'debug', ...args], { files, address: 'unnamed' });
}

const at = (port: number | string) => `http://127.0.0.1:${port}`;

/** Resolves when workers have got ready `times` times. */
async function ready(running: Running, times: number): Promise<void> {
  await running.waitForLog(new RegExp(`(Worker is ready[\\s\\S]*){${times}}`));
}

describe.each(['async', 'sync'])('a program whose address nothing else names, in class %s', (workerClass) => {
  const args = ['-k', workerClass];

  it('is served where it asks for, by every worker', async () => {
    const port = freePort();
    const running = startProgram(`${port}`, args);
    await running.waitForLog(new RegExp(`Listening at: http://\\[::\\]:${port} `));
    expect((await pidsThatAnswer(at(port), 2)).size).toBe(2);
    expect(running.stderr).not.toMatch(/asked for/);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/ERROR|WARNING/);
  });

  it('loses no request over reloads, in which the kernel queue stays the same', async () => {
    const port = freePort();
    const running = startProgram(`${port}, '127.0.0.1'`, args);
    await ready(running, 2);
    const load = startLoad({ url: at(port) }, 4);
    for (let generation = 2; generation <= 4; generation++) {
      running.signal('SIGHUP');
      await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
      await ready(running, generation * 2);
    }
    expect(await load.stop()).toMatchObject({ refused: 0, failures: [] });
    expect(running.stderr.match(/Listening at/g)).toHaveLength(1);
  });
});

it.each(['asks for', 'is given'])('a program may request itself at the address that it %s', async (how) => {
  const itself = `server.on('listening', () => fetch('http://127.0.0.1:' + server.address().port).then(
    ({ status }) => console.log('answered with ' + status), ({ cause }) => console.log(cause.code)));`;
  const files = { 'server.cjs': program(`${freePort()}, '127.0.0.1'`) + itself };
  const address = how === 'asks for' ? ({ address: 'unnamed' } as const) : {};
  const running = start(['server.cjs'], { files, ...address });
  await running.waitFor(() => running.stdout !== '', 'the answer');
  expect(running.stdout).toBe('answered with 200\n');
});

it('a main module may wait for an answer of its own server', async () => {
  const text = `import { createServer } from 'node:http';
    const server = createServer((req, res) => res.end());
    await new Promise((listening) => server.listen(${freePort()}, '127.0.0.1', listening));
    console.log((await fetch('http://127.0.0.1:' + server.address().port)).status);`;
  const running = start(['server.mjs'], { files: { 'server.mjs': text }, address: 'unnamed' });
  await running.waitFor(() => running.stdout !== '', 'the answer');
  expect(running.stdout).toBe('200\n');
});

it('--check-config takes a main module that waits for an answer of its own server over TLS', async () => {
  const text = `import https from 'node:https';
    import { certificate, key } from ${JSON.stringify(join(root, 'test/fixtures/shapes/certificate.mjs'))};
    const server = https.createServer({ key, cert: certificate }, (req, res) => res.end());
    await new Promise((listening) => server.listen(${freePort()}, '127.0.0.1', listening));
    const options = { port: server.address().port, rejectUnauthorized: false };
    await new Promise((answered, failed) => https.get(options, answered).on('error', failed));`;
  const files = { 'server.mjs': text };
  const { stdout, stderr } = await run(['server.mjs', '--check-config'], { files, address: 'unnamed' });
  expect(stdout + stderr).toMatch(/Configuration OK; server\.mjs: program with an https\.Server, at port/);
});

describe('the address that a program asks for', () => {
  it('moves with a reload once the new generation is proved, and the old one is closed', async () => {
    const [before, after] = [freePort(), freePort()];
    const running = startProgram(`${before}`);
    await ready(running, 2);
    writeFileSync(join(running.cwd, 'server.cjs'), program(`${after}`));
    running.signal('SIGHUP');
    await running.waitForLog(new RegExp(`Listening at: http://\\[::\\]:${after} `));
    await ready(running, 4);
    expect((await pidsThatAnswer(at(after), 2)).size).toBe(2);
    await running.waitFor(() => running.workers().length === 2, 'the old workers to end');
    await expect(get(at(before))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('stays where the reload fails', async () => {
    const [before, after] = [freePort(), freePort()];
    const running = startProgram(`${before}`);
    await ready(running, 2);
    writeFileSync(
      join(running.cwd, 'server.cjs'),
      `${program(`${after}`)}server.on('listening', () => { throw new Error('no'); });`,
    );
    running.signal('SIGHUP');
    await running.waitForLog(/Reload undone/);
    expect((await get(at(before))).status).toBe(200);
    await running.waitFor(() => running.workers().length === 2, 'the canary to end');
    await expect(get(at(after))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('may be any port: that of the first worker is the one of all', async () => {
    const running = startProgram("0, '127.0.0.1'");
    const url = await running.url();
    expect((await pidsThatAnswer(url, 2)).size).toBe(2);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    await ready(running, 4);
    expect((await get(url)).status).toBe(200);
    expect(running.stderr.match(/Listening at/g)).toHaveLength(1);
  });

  it('may be a name, and PORT is not set', async () => {
    const port = freePort();
    const files = {
      'server.cjs': program(`process.env.PORT ?? ${port}, 'localhost'`, 'JSON.stringify(server.address())'),
    };
    const running = start(['server.cjs'], { files, address: 'unnamed' });
    const url = await running.url();
    expect(JSON.parse((await get(url)).body)).toMatchObject({ port });
  });

  it('is the default one where the module listens nowhere and exports an application', async () => {
    const taken = net.createServer().listen(8000, '127.0.0.1');
    onTestFinished(() => void taken.close());
    // Another test, or whatever else runs here, may have it: the line is the same.
    taken.on('error', () => {});
    const { status, stderr } = await run(['app.mjs'], {
      files: { 'app.mjs': 'export default (req, res) => res.end("exported");' },
      address: 'unnamed',
    });
    expect(stderr).toMatch(/--bind 127\.0\.0\.1:8000: the address is already in use/);
    expect(status).toBe(1);
  });

  it('keeps its queue when the worker that bound it dies, and when all do', async () => {
    const port = freePort();
    const running = startProgram(`${port}`);
    await ready(running, 2);
    const [first = 0] = running.workers();
    const load = startLoad({ url: at(port) }, 4);
    process.kill(first, 'SIGKILL');
    await ready(running, 3);
    for (const pid of running.workers()) process.kill(pid, 'SIGKILL');
    await ready(running, 5);
    expect((await load.stop()).refused).toBe(0);
  });

  it('goes over to a new arbiter', async () => {
    const port = freePort();
    const running = startProgram(`${port}`);
    await ready(running, 2);
    const load = startLoad({ url: at(port) }, 4);
    running.signal('SIGUSR2');
    const [, pid] = await running.waitForLog(/The new arbiter \(pid: (\d+)\) serves together/);
    onTestFinished(() => void process.kill(Number(pid), 'SIGTERM'));
    running.signal('SIGTERM');
    await running.waitForLog(/the upgrade is complete/);
    const before = load.answered();
    await running.waitFor(() => load.answered() > before + 20, 'answers of the new arbiter');
    expect(await load.stop()).toMatchObject({ refused: 0, failures: [] });
  });
});

describe('an address that a program asks for in vain ends the service with one line', () => {
  it.each([
    [
      'a port that is taken',
      '',
      (port: number) => `${port}`,
      /server\.cjs: the program listens on port \d+: the address is already in use/,
      1,
    ],
    [
      'a path',
      '',
      () => "'./app.sock'",
      /server\.cjs: the program listens on \.\/app\.sock, .*--bind unix:\.\/app\.sock/,
      1,
    ],
    [
      'an address of another machine',
      '',
      (port: number) => `${port}, '192.0.2.1'`,
      /this machine does not have that address/,
      1,
    ],
  ])('%s', async (_what, before, listen, line, status) => {
    const port = freePort();
    const taken = net.createServer().listen(port);
    onTestFinished(() => void taken.close());
    const outcome = await run(['server.cjs'], {
      files: { 'server.cjs': before + program(listen(port)) },
      address: 'unnamed',
    });
    expect(outcome.stderr).toMatch(line);
    expect(outcome).toMatchObject({ status, leftProcesses: [] });
  });
});
