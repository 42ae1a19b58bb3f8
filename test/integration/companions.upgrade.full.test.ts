import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modulesOf } from '../support/loaded-modules.ts';
import { built, childrenOf, endWithTest, isAlive, type Running, serve } from '../support/tsunicorn.ts';
import { gone, upgrade } from '../support/upgrade.ts';

const APP = 'export default (_, res) => res.end("hello");\n';
/** Writes when it begins and ends, and takes a moment to end. */
const SINGLE = `import { writeFileSync } from 'node:fs';
writeFileSync('spans/' + process.pid + '.begin', String(process.hrtime.bigint()));
setInterval(() => {}, 1000);
process.on('SIGTERM', () => setTimeout(() => {
  writeFileSync('spans/' + process.pid + '.end', String(process.hrtime.bigint()));
  process.exit(0);
}, 300));
`;
const CONFIG = `export default { bind: '127.0.0.1:0', gracefulTimeout: 10, companions: { single: { run: 'single.mjs' } } };\n`;

async function service(): Promise<Running> {
  const files = { 'app.mjs': APP, 'single.mjs': SINGLE, 'tsunicorn.config.mjs': CONFIG };
  const running = await serve(['app.mjs'], { files });
  mkdirSync(join(running.cwd, 'spans'), { recursive: true });
  return running;
}

/** The pid of the process that runs: the last that was started after `after` characters of the log. */
async function single(running: Running, after = 0): Promise<number> {
  const [, text] = await running.waitForLog(/Companion single started \(pid: (\d+)\)/, after);
  const pid = Number(text);
  endWithTest(pid);
  await running.waitFor(() => names(running).includes(`${pid}.begin`), 'the companion to begin');
  return pid;
}

function names(running: Running): string[] {
  return readdirSync(join(running.cwd, 'spans'));
}

/** No process began before the one before it had ended. */
function expectOneAtATime(running: Running): void {
  const at = (name: string) => BigInt(readFileSync(join(running.cwd, 'spans', name), 'utf8'));
  const begun = names(running)
    .filter((name) => name.endsWith('.begin'))
    .map((name) => ({ pid: name.split('.')[0] ?? '', at: at(name) }))
    .toSorted((a, b) => Number(a.at - b.at));
  for (const [index, { at: beganAt }] of begun.entries()) {
    const before = begun[index - 1];
    if (before !== undefined) expect(at(`${before.pid}.end`)).toBeLessThan(beganAt);
  }
}

describe('in an upgrade a companion runs in one arbiter only', () => {
  it('in the old one until it stops, then in the new one', async () => {
    const running = await service();
    const old = await single(running);
    const seen = running.stderr.length;
    const newArbiter = await upgrade(running);
    expect(isAlive(old)).toBe(true);
    running.signal('SIGTERM');
    const next = await single(running, seen);
    expect(childrenOf(newArbiter)).toContain(next);
    await gone(running, running.pid);
    expectOneAtATime(running);
    process.kill(newArbiter, 'SIGTERM');
    await gone(running, newArbiter);
    expect(isAlive(next)).toBe(false);
  });

  it('in the new one while the old one rests, and in the old one again after a rollback', async () => {
    const running = await service();
    await single(running);
    const newArbiter = await upgrade(running);
    const seen = running.stderr.length;
    running.signal('SIGWINCH');
    const next = await single(running, seen);
    expect(childrenOf(newArbiter)).toContain(next);
    const rolled = running.stderr.length;
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/, rolled);
    process.kill(newArbiter, 'SIGTERM');
    const last = await single(running, rolled);
    expect(childrenOf(running.pid)).toContain(last);
    expectOneAtATime(running);
  });

  it('in the other one when the one that has it is killed, after the end of what that leaves behind', async () => {
    const running = await service();
    const old = await single(running);
    const newArbiter = await upgrade(running);
    const seen = running.stderr.length;
    running.signal('SIGKILL');
    const next = await single(running, seen);
    expect(isAlive(old)).toBe(false);
    expect(childrenOf(newArbiter)).toContain(next);
    expectOneAtATime(running);
    process.kill(newArbiter, 'SIGTERM');
    await gone(running, newArbiter);
    expect(isAlive(next)).toBe(false);
  });
});

describe('the death of the arbiter', () => {
  it('ends a command by the signal of its parent’s death, and a module of the interface by its channel', async () => {
    const companions = { shell: { run: ['sleep', '1000'] }, module: { run: 'module.mjs' } };
    const files = {
      'app.mjs': APP,
      'module.mjs': `import { stopping } from ${JSON.stringify(join(built, 'src/companion.js'))};
const timer = setInterval(() => {}, 1000);
stopping().addEventListener('abort', () => clearInterval(timer));
`,
      'tsunicorn.config.mjs': `export default ${JSON.stringify({ gracefulTimeout: 5, companions })};\n`,
    };
    const running = await serve(['app.mjs'], { files });
    const pids = await Promise.all(
      ['shell', 'module'].map(async (name) => {
        const [, pid] = await running.waitForLog(new RegExp(`Companion ${name} started \\(pid: (\\d+)\\)`));
        return Number(pid);
      }),
    );
    endWithTest(...pids, ...running.workers());
    running.signal('SIGKILL');
    await running.waitFor(() => pids.every((pid) => !isAlive(pid)), 'the companions to end');
  });
});

describe('a module that imports tsunicorn/companion', () => {
  it('finds what it is, says that it is ready, and is killed where its event loop is blocked', async () => {
    const files = {
      'app.mjs': APP,
      'block.mjs': `import { companion, ready } from ${JSON.stringify(join(built, 'src/companion.js'))};
console.log('is', JSON.stringify(companion()));
ready();
setTimeout(() => { for (;;); }, 100);
`,
      'tsunicorn.config.mjs': `export default { logLevel: 'debug', companions: { block: { run: 'block.mjs', timeout: 2 } } };\n`,
    };
    const running = await serve(['app.mjs'], { files });
    await running.waitForLog(/block: is \{"name":"block","index":0,"generation":1\}/);
    await running.waitForLog(/Companion block is ready/);
    await running.waitForLog(
      /Companion block \(pid: \d+\) was killed by the arbiter: silent for 2.0 s \(timeout\)/,
    );
  });
});

it('a service without companions, mounts and contexts loads nothing of them', async () => {
  const script = `const { registerHooks } = require('node:module');
registerHooks({ load(url, context, next) { console.error('LOADED', url); return next(url, context); } });\n`;
  const files = { 'app.mjs': APP, 'spy.cjs': script };
  const running = await serve(['app.mjs'], { files, env: { NODE_OPTIONS: '--require ./spy.cjs' } });
  running.signal('SIGHUP');
  await running.waitForLog(/Generation 2 is ready/);
  const urls = [...running.stderr.matchAll(/^LOADED (\S+)$/gm)].map(([, url = '']) => url);
  const modules = modulesOf(urls);
  expect(modules).toContain('src/arbiter/arbiter.ts');
  expect(modules.filter((name) => /arbiter.companions.|app.mount.|src.context./.test(name))).toEqual([]);
  expect(urls.filter((url) => url.includes('/croner/'))).toEqual([]);
});
