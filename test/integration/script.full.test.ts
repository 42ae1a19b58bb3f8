import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { type Running, root, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const programs = join(root, 'test/fixtures/programs');
const body = async (running: { readonly at: string }, path = '/') => (await get(running.at, path)).body;
const portOf = ({ at }: { readonly at: string }) => Number(new URL(at).port);

/** A program in CommonJS whose HTTP server answers with this expression. */
const answering = (expression: string, listen = 'process.env.PORT') =>
  `const server = require('node:http').createServer((req, res) => res.end(String(${expression})));\nserver.listen(${listen});\n`;

async function stop(running: Running) {
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to/);
}

describe.each(['async', 'sync'])('a program that calls listen() itself, in class %s', (workerClass) => {
  const args = (program: string) => [program, '-k', workerClass, '-w', '2'];

  it.each([
    ['express.cjs', 'express'],
    ['koa.mjs', 'koa'],
    ['fastify.mjs', 'fastify'],
    ['plain.mjs', 'plain true'],
    ['typed.ts', 'typed true'],
    ['bin/www', 'www'],
    ['exporting.cjs', 'listening'],
  ])('is served as it is: %s', async (program, answer) => {
    const running = await serve(args(join(programs, program)), { cwd: root });
    expect(await body(running)).toBe(answer);
    await stop(running);
  });

  it('is the main module, and finds PORT and its address as they are', async () => {
    const running = await serve(args('express.cjs'), { cwd: programs });
    const port = portOf(running);
    expect(JSON.parse(await body(running, '/main'))).toEqual({
      isMain: true,
      script: join(programs, 'express.cjs'),
      port: `${port}`,
    });
    expect(JSON.parse(await body(running, '/server'))).toEqual({
      listening: true,
      address: { address: '127.0.0.1', port, family: 'IPv4' },
    });
  });

  it('is reloaded and stopped with what it has accepted', async () => {
    const running = await serve(args('express.cjs'), { cwd: programs });
    const slow = get(running.at, '/slow');
    await get(running.at);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    expect((await slow).body).toBe('slow');
    expect(await body(running)).toBe('express');
    await stop(running);
  });
});

describe('a program', () => {
  it('that asks for another port is told of in one line', async () => {
    const running = await serve(['plain.mjs', '-w', '3'], { cwd: programs });
    await running.waitForLog(/INFO\] plain\.mjs asked for port 3000; it is served at http:\S+ \(--bind\)/);
    expect(running.stderr.match(/asked for/g)).toHaveLength(1);
  });

  it('is found by a link, as in node_modules/.bin, and argv[1] names the link', async () => {
    const cwd = temporaryDirectory({ 'server.js': answering('process.argv[1]') });
    symlinkSync('server.js', join(cwd, 'bin'));
    const running = await serve(['bin'], { cwd });
    expect(await body(running)).toMatch(/\/bin$/);
  });

  it('is served on a Unix socket, with an address of the shape of TCP', async () => {
    const files = { 'server.cjs': answering('JSON.stringify(server.address())', '3000') };
    const running = start(['server.cjs', '-b', 'unix:app.sock'], { files });
    await running.waitForLog(/Listening at: unix:/);
    const { request } = await import('node:http');
    const text = await new Promise<string>((resolve, reject) => {
      request({ socketPath: join(running.cwd, 'app.sock') }, (response) => {
        response.setEncoding('utf8').once('data', resolve);
      })
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(text)).toEqual({ address: '127.0.0.1', port: 3000, family: 'IPv4' });
  });

  it('is preloaded by nothing before our own code, and neither it nor its children see that', async () => {
    const files = {
      'first.cjs':
        'global.first = [process.listenerCount("SIGHUP"), Object.keys(process.env).filter((name) => name.startsWith("TSUNICORN_P"))];',
      'server.cjs': `
        const { fork } = require('node:child_process');
        const { Worker, isMainThread } = require('node:worker_threads');
        if (process.argv[2] === 'child') process.send({ options: process.env.NODE_OPTIONS, execArgv: process.execArgv });
        else if (isMainThread) {
          const child = new Promise((resolve) => fork(__filename, ['child']).once('message', resolve));
          const thread = new Promise((resolve) => new Worker(__filename).once('message', resolve));
          ${answering('req.url', '0')}
          server.removeAllListeners('request');
          server.on('request', async (req, res) => res.end(JSON.stringify([global.first, await child, await thread])));
        } else require('node:worker_threads').parentPort.postMessage(require('node:net').Server.prototype.listen.length);`,
    };
    const NODE_OPTIONS = '--require ./first.cjs --stack-trace-limit=12';
    const running = await serve(['server.cjs'], { files, env: { NODE_OPTIONS } });
    const [first, child] = JSON.parse(await body(running));
    expect(first).toEqual([1, []]);
    expect(child).toEqual({ options: NODE_OPTIONS, execArgv: [] });
  });

  it('that speaks TLS is announced so', async () => {
    const certificate = join(root, 'test/fixtures/shapes/certificate.mjs');
    const files = {
      'server.mjs': `import { createServer } from 'node:https';\nimport * as pem from '${certificate}';\ncreateServer({ key: pem.key, cert: pem.cert }, (req, res) => res.end('tls')).listen(3000);\n`,
    };
    const running = start(['server.mjs', '-b', '127.0.0.1:0'], { files });
    await running.waitForLog(/Listening at: https:\/\/127/);
  });

  it('may listen beside, to what is not HTTP, and look for a free port', async () => {
    const files = {
      'server.cjs': `
        const net = require('node:net');
        const probe = net.createServer().listen(0, () => probe.close(() => {
          const side = net.createServer((socket) => socket.end('side')).listen(0, '127.0.0.1', () => {
            ${answering('side.address().port', '3000')}
          });
        }));`,
    };
    const running = await serve(['server.cjs'], { files });
    const side = Number(await body(running));
    expect(side).not.toBe(portOf(running));
  });

  it('that listens for metrics first is served on PORT', async () => {
    const files = {
      'server.cjs': `require('node:http').createServer((req, res) => res.end('metrics')).listen(0, '127.0.0.1', function () {
        const metrics = this;
        ${answering('metrics.address().port')}
      });`,
    };
    const running = await serve(['server.cjs'], { files });
    const port = await body(running);
    expect(await body({ at: `http://127.0.0.1:${port}` })).toBe('metrics');
  });
});

it('--listen-port says which of several servers is served', async () => {
  const files = {
    'server.cjs': `${answering('1', '"./side.sock"').replaceAll('server', 'side')}${answering('2', '3000')}`,
  };
  const running = await serve(['server.cjs', '--listen-port', '3000'], { files });
  expect(await body(running)).toBe('2');
});

describe('a listener for SIGTERM in a program', () => {
  it('runs when its requests are answered, and closes the server as ever', async () => {
    const files = {
      'server.cjs': `${answering('req.url', '3000')}
        server.on('close', () => console.log('close event'));
        process.on('SIGTERM', () => server.close((error) => { console.log('closed', error); process.exit(7); }));`,
    };
    const running = await serve(['server.cjs'], { files });
    expect(await body(running)).toBe('/');
    await stop(running);
    expect(running.stdout).toBe('close event\nclosed undefined\n');
  });
});

it.each(['async', 'sync'])(
  'a program may replace its server on the same port, in class %s',
  async (workerClass) => {
    const files = {
      'server.cjs': `
      const http = require('node:http');
      let server;
      const begin = (name) => {
        server = http.createServer({ requireHostHeader: name === 'first' }, (req, res) => {
          if (req.url === '/slow') return setTimeout(() => res.end(name), 300, console.log('slow'));
          if (req.url === '/next') server.close(() => begin('next'));
          res.setHeader('Connection', 'close').end(name);
        }).listen(process.env.PORT);
      };
      begin('first');`,
    };
    const running = await serve(['server.cjs', '-w', '1', '-k', workerClass], { files });
    const pid = running.workers();
    const slow = body(running, '/slow');
    await running.waitFor(() => running.stdout.includes('slow'), 'the slow request');
    expect(await body(running, '/next')).toBe('first');
    expect(await slow).toBe('first');
    expect(await body(running)).toBe('next');
    // What it takes counts from then on, not what the first one took.
    const wire = await wireTo(portOf(running));
    wire.socket.write('GET / HTTP/1.1\r\n\r\n');
    expect(await wire.until(/next/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(running.workers()).toEqual(pid);
    await stop(running);
  },
);

it('a program that closes its server makes its worker end, and another takes its place', async () => {
  const files = {
    'server.cjs': answering('process.pid + (req.url === "/close" ? server.close() && "" : "")'),
  };
  const running = await serve(['server.cjs'], { files });
  const before = await body(running, '/close');
  await running.waitForLog(/the program has closed its server/);
  await running.waitFor(
    () => running.workers().length === 1 && `${running.workers()[0]}` !== before,
    'another worker',
  );
  expect(await body(running)).not.toBe(before);
});

const quiet = ['-b', '127.0.0.1:0', '--log-level', 'error'];

describe('a program that cannot be served ends the service with one line', () => {
  it.each([
    [
      'that listens on two ports',
      `${answering('1', '3001').replaceAll('server', 'one')}${answering('2', '3002')}`,
      4,
      /server\.cjs: the program listens on port 3001 and on port 3002, .*--listen-port.*process\.env\.PORT/,
    ],
    [
      'that exports nothing and is done',
      'require("node:net").createServer().listen(0, function () { this.close(); });',
      4,
      /server\.cjs exports nothing, and has nothing left to do; it listened on any port \(not HTTP\); let it call listen\(\)/,
    ],
    [
      'that never listens',
      'setInterval(() => {}, 1e6);',
      3,
      /let no HTTP server listen within 6 s \(--boot-timeout\)/,
    ],
    [
      'that throws',
      `${answering('1')}throw new Error('no database');`,
      4,
      /server\.cjs threw while it was loaded: no database/,
    ],
    ['that exits', 'process.exit(0);', 3, /exit/],
  ])('%s', async (_what, text, status, line) => {
    // The worker gives up a tenth of it before its arbiter does, which a busy machine may need.
    const outcome = await run([...quiet, '--boot-timeout', '6', 'server.cjs'], {
      files: { 'server.cjs': text },
    });
    expect(outcome.stderr).toMatch(line);
    expect(outcome).toMatchObject({ status, leftProcesses: [] });
  });

  it('in class thread', async () => {
    const outcome = await run([...quiet, '-k', 'thread', 'server.cjs'], {
      files: { 'server.cjs': answering('1', '0') },
    });
    expect(outcome.stderr).toMatch(
      /exports nothing and calls listen\(\) itself.*, or serve it as a program in class async or sync \[TSU0503\]\n/,
    );
    expect(outcome).toMatchObject({ status: 4, leftProcesses: [] });
  });
});

it('--check-config takes an address with a port for each slot', async () => {
  const { status, stderr } = await run(['--check-config', '-b', '127.0.0.1:300{slot}', 'server.cjs'], {
    files: { 'server.cjs': "require('node:http').createServer().listen(process.env.PORT);\n" },
  });
  expect(status, stderr).toBe(0);
});

it('--check-config runs a program once and says what it is', async () => {
  const { status, stdout } = await run(['--check-config', 'server.cjs'], {
    files: { 'server.cjs': answering('1') },
  });
  expect(stdout).toMatch(/OK; server\.cjs: program with an http\.Server/);
  expect(status).toBe(0);
});

it('--check-config says where a program is served that nothing else names an address for, and binds nothing', async () => {
  const busy = net.createServer().listen(0);
  onTestFinished(() => void busy.close());
  await once(busy, 'listening');
  const { port } = busy.address() as net.AddressInfo;
  const { status, stdout } = await run(['--check-config', 'server.cjs'], {
    files: { 'server.cjs': answering('1', `${port}`) },
    address: 'unnamed',
  });
  expect(stdout).toContain(`OK; server.cjs: program with an http.Server, at port ${port}\n`);
  expect(status).toBe(0);
});
