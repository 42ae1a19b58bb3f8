import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { run } from '../support/command.ts';
import { serve, temporaryDirectory } from '../support/tsunicorn.ts';

const body = async (running: { readonly at: string }, path = '/') => (await get(running.at, path)).body;

const MADE = `createServer((req, res) => res.end(JSON.stringify(seen()))).listen(process.env.PORT)`;
const SEEN = `const seen = () => ({
  primary: [cluster.isPrimary, cluster.isMaster], isWorker: cluster.isWorker, id: cluster.worker.id,
  process: cluster.worker.process === process, connected: cluster.worker.isConnected(), dead: cluster.worker.isDead(),
  instance: cluster.worker instanceof cluster.Worker, variable: process.env.NODE_UNIQUE_ID,
});`;
const WORKER = {
  primary: [false, false],
  isWorker: true,
  ...{ process: true, connected: true, dead: false, instance: true },
};
const SAID = /INFO\] .*cluster\.isPrimary is false, since tsunicorn starts the workers \(--workers\); /g;

/** A program as Node's documentation has it. */
const programs = {
  'default.mjs': `
    import cluster from 'node:cluster';
    import { availableParallelism } from 'node:os';
    import { createServer } from 'node:http';
    ${SEEN}
    cluster.setupPrimary({ exec: 'nothing.js' });
    if (cluster.isPrimary) for (let i = 0; i < availableParallelism(); i++) cluster.fork();
    else ${MADE};`,
  'named.mjs': `
    import cluster, { isPrimary, fork } from 'node:cluster';
    import { createServer } from 'node:http';
    ${SEEN}
    if (isPrimary) fork();
    else ${MADE};`,
  'common.cjs': `
    const cluster = require('cluster');
    const { createServer } = require('node:http');
    ${SEEN}
    cluster.setupMaster();
    if (cluster.isMaster) cluster.fork();
    else ${MADE};`,
};

describe.each(Object.keys(programs))('a program that asks node:cluster, in %s', (name) => {
  it('is a worker, with the number of its slot, and is told once that it is no primary', async () => {
    const running = await serve([name, '-w', '2'], { files: programs });
    const ids = new Set<number>();
    await running.waitForWorkers(2);
    await running.waitFor(() => {
      // The last one may be cut when the test ends.
      body(running).then(
        (text) => ids.add(JSON.parse(text).id),
        () => {},
      );
      return ids.size === 2;
    }, 'both workers to answer');
    expect([...ids].toSorted()).toEqual([1, 2]);
    const { id: _any, ...seen } = JSON.parse(await body(running));
    expect(seen).toEqual(WORKER);
    expect(running.stderr.match(SAID)).toHaveLength(1);
    expect(running.stderr).toMatch(
      name === 'named.mjs' ? /\] named\.mjs: cluster/ : /\] \w+\.\wjs:\d+: cluster/,
    );
    expect(running.stderr).not.toMatch(/WARNING|ERROR/);
  });
});

it('a spare worker has the number of its slot once it serves', async () => {
  const files = {
    'server.cjs': `const cluster = require('cluster');
    const { createServer } = require('node:http');
    const first = cluster.worker.id;
    createServer((req, res) => res.end([first, cluster.worker.id].join())).listen(process.env.PORT);`,
  };
  expect(await body(await serve(['server.cjs', '--spare-workers', '1'], { files }))).toBe('0,1');
});

it('a library that asks is no reason to say anything', async () => {
  const cwd = temporaryDirectory({
    'server.cjs': `require('logger'); require('node:http').createServer((req, res) => res.end('on')).listen(process.env.PORT);`,
  });
  mkdirSync(join(cwd, 'node_modules/logger'), { recursive: true });
  writeFileSync(join(cwd, 'node_modules/logger/index.js'), `require('cluster').isMaster;`);
  const running = await serve(['server.cjs'], { cwd });
  expect(await body(running)).toBe('on');
  expect(running.stderr).not.toMatch(SAID);
});

describe('sockets of the program itself', () => {
  it.each([
    ['by any port', '0'],
    ['by a name', '0, "localhost"'],
    ['by an address', '{ port: 0, host: "127.0.0.1" }'],
  ])('are bound by this process: %s', async (_how, where) => {
    const files = {
      'server.cjs': `
      const cluster = require('cluster');
      const net = require('node:net'), dgram = require('node:dgram');
      const side = net.createServer((socket) => socket.end()).listen(${where});
      const udp = dgram.createSocket('udp4').bind(0);
      require('node:http').createServer((req, res) => {
        res.end([cluster.isPrimary, side.address().port > 0, udp.address().port > 0].join());
      }).listen(process.env.PORT);`,
    };
    expect(await body(await serve(['server.cjs'], { files }))).toBe('false,true,true');
  });
});

it('cluster.worker.disconnect() and kill() have the worker replaced, without a request lost', async () => {
  const files = {
    'server.cjs': `
    const cluster = require('cluster');
    require('node:http').createServer((req, res) => {
      if (req.url === '/disconnect') cluster.worker.disconnect();
      if (req.url === '/kill') cluster.worker.kill();
      res.end([process.pid, cluster.worker.exitedAfterDisconnect].join());
    }).listen(process.env.PORT);`,
  };
  const running = await serve(['server.cjs'], { files });
  for (const path of ['/disconnect', '/kill']) {
    const [pid, left] = (await body(running, path)).split(',');
    expect(left).toBe('true');
    await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${pid}\\): SIGTERM`));
    expect((await body(running)).split(',')[0]).not.toBe(pid);
  }
  expect(running.stderr).not.toMatch(/WARNING|ERROR/);
});

describe('cluster.fork()', () => {
  it('ends the start with one line that says why', async () => {
    const files = { 'server.cjs': `for (let i = 0; i < 64; i++) require('cluster').fork();` };
    const { status, stderr } = await run(['server.cjs', '-b', '127.0.0.1:0', '--log-level', 'error'], {
      files,
    });
    expect(status).toBe(4);
    expect(
      stderr.match(/cluster\.fork\(\) is not supported, because tsunicorn starts the workers/g),
    ).toHaveLength(2);
  });

  it('that the program catches says nothing more', async () => {
    const files = {
      'server.cjs': `
      let failed = 0;
      for (let i = 0; i < 64; i++) try { require('cluster').fork(); } catch { failed++; }
      require('node:http').createServer((req, res) => res.end(String(failed))).listen(process.env.PORT);`,
    };
    const running = await serve(['server.cjs'], { files });
    expect(await body(running)).toBe('64');
    expect(running.stderr).not.toMatch(/cluster/);
  });
});
