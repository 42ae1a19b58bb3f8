import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { type Running, serve } from '../support/tsunicorn.ts';

const HEAD = `
const fs = require('fs');
const say = (what) => fs.writeSync(1, what + '\\n');
const server = require('http').createServer((req, res) => req.url === '/slow'
  ? setTimeout(() => { say('answered'); res.end('slow'); }, 300) : res.end(String(process.pid))).listen(process.env.PORT);
`;

const said = (running: Running) => running.stdout.trimEnd().split('\n');

async function stopped(program: string, args: readonly string[] = []): Promise<Running> {
  const running = await serve(['server.cjs', ...args], { files: { 'server.cjs': HEAD + program } });
  const slow = get(running.at, '/slow');
  await get(running.at);
  running.signal('SIGTERM');
  expect((await slow).body).toBe('slow');
  expect(await running.end()).toEqual({ status: 0, signal: null });
  expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to/);
  return running;
}

describe('at the end a program', () => {
  it('of PM2 gets the message "shutdown", in which its server closes', async () => {
    const running = await stopped(`
      process.on('message', (message) => {
        say('message ' + message);
        server.close((error) => setTimeout(() => { say('closed ' + error); process.exit(3); }, 50));
      });`);
    expect(said(running)).toEqual(['answered', 'message shutdown', 'closed undefined']);
  });

  it('that listens for SIGINT alone, as PM2 sends it, gets that', async () => {
    const running = await stopped(
      `process.once('SIGINT', (...args) => { say(args.join()); setTimeout(() => say('flushed'), 60); });`,
    );
    expect(said(running)).toEqual(['answered', 'SIGINT,2', 'flushed']);
  });

  it('that listens for SIGTERM and SIGINT gets SIGTERM alone', async () => {
    const running = await stopped(
      `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => say(signal));`,
    );
    expect(said(running)).toEqual(['answered', 'SIGTERM']);
  });

  it('gets the message, the signal and beforeExit one after the other', async () => {
    const running = await stopped(`
      const later = (what) => { say(what); setTimeout(() => say(what + ' done'), 60); };
      process.on('message', later);
      process.once('SIGTERM', later);
      process.once('beforeExit', () => later('beforeExit'));`);
    expect(said(running)).toEqual([
      'answered',
      ...['shutdown', 'shutdown done', 'SIGTERM', 'SIGTERM done', 'beforeExit', 'beforeExit done'],
    ]);
  });

  it('gets no message of tsunicorn itself', async () => {
    const running = await stopped(`process.on('message', (message) => say(JSON.stringify(message)));`);
    expect(said(running)).toEqual(['answered', '"shutdown"']);
  });

  it.each([
    ['exits with any status', `process.on('SIGTERM', () => process.exit(9));`],
    [
      'passes the signal on',
      `process.once('SIGTERM', () => { process.removeAllListeners(); process.kill(process.pid, 'SIGTERM'); });`,
    ],
    ['aborts nothing', `process.on('SIGTERM', () => server.close(() => { process.exitCode = 4; }));`],
  ])('that %s ends as it should, in a reload too', async (_how, program) => {
    await stopped(program);
    const running = await serve(['server.cjs', '--access-logfile', 'access.log'], {
      files: { 'server.cjs': HEAD + program },
    });
    const before = (await get(running.at)).body;
    running.signal('SIGHUP');
    await running.waitForLog(
      new RegExp(`INFO\\] Worker exiting \\(pid: ${before}\\): replaced by another generation`),
    );
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 3 is ready/);
    expect((await get(running.at)).status).toBe(200);
    expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to|next try/);
  });
});
