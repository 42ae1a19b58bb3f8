import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { type Running, serve, start } from '../support/tsunicorn.ts';

/** Each hook notes its name, the process it ran in and what it saw, as a line of JSON. */
const noting = `import { appendFileSync } from 'node:fs';
const note = (hook, seen) => appendFileSync('hooks.log', JSON.stringify({ hook, pid: process.pid, ...seen }) + '\\n');
const arbiter = ({ pid, workers, generation }) => ({ arbiter: pid, workers, generation });
const worker = ({ pid, age, slot, generation }) => ({ worker: pid, age, slot, generation });
export default {
  onStarting: (a) => note('onStarting', arbiter(a)),
  onReload: (a) => note('onReload', arbiter(a)),
  whenReady: (a) => note('whenReady', arbiter(a)),
  preFork: (a, w) => note('preFork', { ...arbiter(a), ...worker(w) }),
  postFork: (w) => note('postFork', worker(w)),
  postWorkerInit: (w) => note('postWorkerInit', worker(w)),
  workerInt: (w) => note('workerInt', worker(w)),
  workerAbort: (w) => note('workerAbort', worker(w)),
  preRequest: (w, request) => note('preRequest', { ...worker(w), url: request.url }),
  postRequest: (w, request, response) => note('postRequest', { url: request.url, status: response.statusCode }),
  childExit: (a, w) => note('childExit', { ...arbiter(a), ...worker(w) }),
  workerExit: (w) => note('workerExit', worker(w)),
  nworkersChanged: (a, after, before) => note('nworkersChanged', { after, before }),
  onExit: (a) => note('onExit', arbiter(a)),
};\n`;

const names = [...noting.matchAll(/^ {2}(\w+): /gm)].map(([, name = '']) => name);
const throwing = `export default {
${names.map((name) => `  ${name}() { throw new Error('from ${name}'); },\n`).join('')}};\n`;

const app = `export default (req, res) => {
  res.statusCode = 201;
  res.end(String(process.pid));
};\n`;

interface Note {
  readonly hook: string;
  readonly pid: number;
  readonly [seen: string]: unknown;
}

function notes(running: Running): readonly Note[] {
  const path = join(running.cwd, 'hooks.log');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line): Note => JSON.parse(line));
}

function noted(running: Running, hook: string, count = 1): Promise<readonly Note[]> {
  return running.waitFor(() => {
    const found = notes(running).filter((note) => note.hook === hook);
    return found.length >= count && found;
  }, `${count} × ${hook}`);
}

it('every hook is called in its process with what it is promised', async () => {
  const running = await serve(['app.js', '--log-level', 'debug'], {
    files: { 'app.js': app, 'tsunicorn.config.ts': noting },
  });
  const arbiter = running.pid;
  await noted(running, 'whenReady');
  const [worker = 0] = await running.waitForWorkers(1);
  const starting = notes(running);
  expect(starting.map(({ hook }) => hook)).toEqual([
    'onStarting',
    'nworkersChanged',
    'preFork',
    'postFork',
    'postWorkerInit',
    'whenReady',
  ]);
  expect(starting).toEqual([
    { hook: 'onStarting', pid: arbiter, arbiter, workers: 1, generation: 1 },
    { hook: 'nworkersChanged', pid: arbiter, after: 1, before: null },
    {
      hook: 'preFork',
      pid: arbiter,
      arbiter,
      workers: 1,
      worker: 0,
      age: 1,
      slot: expect.any(Number),
      generation: 1,
    },
    expect.objectContaining({ hook: 'postFork', pid: worker, worker, age: 1, generation: 1 }),
    expect.objectContaining({ hook: 'postWorkerInit', pid: worker, worker, age: 1, generation: 1 }),
    { hook: 'whenReady', pid: arbiter, arbiter, workers: 1, generation: 1 },
  ]);

  await ask({ url: running.at, path: '/books?q=1' });
  expect(await noted(running, 'preRequest')).toEqual([
    expect.objectContaining({ pid: worker, worker, url: '/books?q=1' }),
  ]);
  expect(await noted(running, 'postRequest')).toEqual([
    expect.objectContaining({ pid: worker, url: '/books?q=1', status: 201 }),
  ]);

  running.signal('SIGTTIN');
  const [, up] = await noted(running, 'nworkersChanged', 2);
  expect(up).toMatchObject({ pid: arbiter, after: 2, before: 1 });
  await noted(running, 'postWorkerInit', 2);
  // Before that it is the new one that would go.
  await running.waitForLog(/(Worker is ready[\s\S]*){2}/);
  running.signal('SIGTTOU');
  const [, , down] = await noted(running, 'nworkersChanged', 3);
  expect(down).toMatchObject({ pid: arbiter, after: 1, before: 2 });
  const [retired] = await noted(running, 'workerExit');
  expect(retired).toMatchObject({ age: 2, slot: 1 });
  expect(retired).not.toMatchObject({ pid: worker });
  const [reaped] = await noted(running, 'childExit');
  expect(reaped).toMatchObject({ pid: arbiter, age: 2, slot: 1 });

  expect(await running.waitForWorkers(1)).toEqual([worker]);
  process.kill(worker, 'SIGINT');
  const [interrupted] = await noted(running, 'workerInt');
  expect(interrupted).toMatchObject({ pid: worker, worker, age: 1 });
  await noted(running, 'postWorkerInit', 3);

  running.signal('SIGHUP');
  const [reloaded] = await noted(running, 'onReload');
  expect(reloaded).toMatchObject({ pid: arbiter, arbiter });
  const [, , , fourth] = await noted(running, 'postWorkerInit', 4);
  expect(fourth).toMatchObject({ age: 4, generation: 2 });
  await running.waitForLog(/Generation 2 is ready/);
  const [last = 0] = await running.waitForWorkers(1);
  process.kill(last, 'SIGABRT');
  const [aborted] = await noted(running, 'workerAbort');
  expect(aborted).toMatchObject({ pid: last, worker: last });
  await noted(running, 'postWorkerInit', 5);

  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  const exits = await noted(running, 'onExit');
  expect(exits).toEqual([expect.objectContaining({ pid: arbiter, arbiter })]);
  expect(notes(running).at(-1)).toMatchObject({ hook: 'onExit' });
  expect(running.stderr).not.toMatch(/The hook \w+ failed/);
});

it('a hook that throws is logged by its name and harmless, whichever it is', async () => {
  const running = await serve(['app.js'], { files: { 'app.js': app, 'tsunicorn.config.ts': throwing } });
  const failed = (name: string) =>
    running.waitForLog(new RegExp(`\\[ERROR\\] The hook ${name} failed\\n +Error: from ${name}`));
  for (const name of ['onStarting', 'nworkersChanged', 'preFork', 'postFork', 'postWorkerInit', 'whenReady'])
    await failed(name);

  expect(await ask({ url: running.at })).toMatchObject({ status: 201 });
  for (const name of ['preRequest', 'postRequest']) await failed(name);

  const [worker = 0] = await running.waitForWorkers(1);
  running.signal('SIGHUP');
  await failed('onReload');
  await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${worker}\\)`));
  for (const name of ['workerExit', 'childExit']) await failed(name);

  const [second = 0] = await running.waitForWorkers(1);
  process.kill(second, 'SIGINT');
  await failed('workerInt');
  await running.waitFor(
    () => !running.workers().includes(second) && running.workers().length === 1,
    'another',
  );

  expect(await ask({ url: running.at })).toMatchObject({ status: 201 });
  running.signal('SIGTERM');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  await failed('onExit');
});

it('a hook that rejects is logged like one that throws', async () => {
  const config = 'export default { async whenReady() { throw new Error("too early"); } };';
  const running = await serve(['app.js'], { files: { 'app.js': app, 'tsunicorn.config.ts': config } });
  await running.waitForLog(/\[ERROR\] The hook whenReady failed\n +Error: too early/);
  expect(await ask({ url: running.at })).toMatchObject({ status: 201 });
});

it('a hook may be asynchronous: the application is loaded once postFork has settled', async () => {
  const config = `export default { async postFork() {
    await new Promise((settle) => setTimeout(settle, 50));
    globalThis.prepared = 'prepared';
  } };`;
  const text = 'const { prepared } = globalThis;\nexport default (req, res) => { res.end(prepared); };';
  const running = start(['-b', '127.0.0.1:0', 'app.js'], {
    files: { 'app.js': text, 'tsunicorn.config.ts': config },
  });
  expect((await ask({ url: await running.url() })).body).toBe('prepared');
});

/** The second worker's application is loaded only when that worker is on its way out, which its last hook holds up. */
const holding = `import { setImmediate as turn } from 'node:timers/promises';
const { promise, resolve } = Promise.withResolvers();
// What waits for a promise that nothing is left to settle would be told so.
let loop;
const initialised = Promise.withResolvers();
export default {
  postFork: ({ age, log }) => {
    if (age === 1) return;
    globalThis.held = promise;
    loop = setInterval(() => {}, 1000);
    log.info('held');
  },
  // The last thing before the socket.
  postWorkerInit: ({ age }) => age !== 1 && initialised.resolve(),
  workerExit: async ({ age, log }) => {
    if (age === 1) return;
    resolve();
    clearInterval(loop);
    await initialised.promise;
    for (let turns = 0; turns < 200; turns++) await turn();
    const doors = process.getActiveResourcesInfo().filter((name) => /^TCPServer/i.test(name));
    log.info('on its way out with ' + doors.length + ' doors');
  },
};\n`;

it('a worker that is told to go while it boots opens no socket while its last hook runs', async () => {
  const running = await serve(['app.mjs:default'], {
    files: { 'app.mjs': `await globalThis.held;\n${app}`, 'tsunicorn.config.mjs': holding },
  });
  running.signal('SIGTTIN');
  await running.waitForLog(/held/);
  running.signal('SIGTTOU');
  await running.waitForLog(/on its way out/);
  expect(running.stderr).toMatch(/on its way out with 0 doors/);
});

it('a hook that nothing calls is accepted and warned of', async () => {
  const running = await serve(['app.js'], {
    files: {
      'app.js': app,
      'tsunicorn.config.js': 'export default { sslContext: (defaults) => defaults };\n',
    },
  });
  await running.waitForLog(
    /\[WARNING\] The hook sslContext is not called, as no client speaks TLS; name a certificate/,
    0,
  );
});
