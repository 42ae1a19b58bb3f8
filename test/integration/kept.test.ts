import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { get, outcome } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { endWithTest, isAlive, type Running, serve } from '../support/tsunicorn.ts';
import { type Wire, wireTo } from '../support/wire.ts';

// They wait until a limit is over.
tellTestsApart();

const blocking = `export const app = (req, res) => {
  const ms = Number(req.url.slice(1));
  if (ms > 0) console.error('blocks');
  for (const until = performance.now() + ms; performance.now() < until; );
  req.resume().on('end', () => res.end(String(process.pid)));
};
`;

const post = 'POST /0 HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody';

function served(args: readonly string[]): Promise<Running & { at: string }> {
  return serve(['app.mjs:app', ...args], { files: { 'app.mjs': blocking } });
}

/** A connection on which one request was answered, by the worker with that pid. */
async function kept(at: string): Promise<Wire & { readonly worker: number }> {
  const wire = await wireTo(Number(new URL(at).port));
  wire.write(post);
  const [, pid] = /\r\n\r\n(\d+)$/.exec(await wire.until(/\r\n\r\n\d+$/)) ?? [];
  return Object.assign(wire, { worker: Number(pid) });
}

/** The same of a worker that is none of those, which may accept for a moment yet. */
async function keptByNew(at: string, old: readonly number[]) {
  for (;;) {
    const wire = await kept(at);
    if (!old.includes(wire.worker)) return wire;
    wire.socket.destroy();
  }
}

it.concurrent('a request that comes while the event loop is blocked, beyond --keep-alive, is answered', async () => {
  const running = await served(['--keep-alive', '1']);
  const wire = await kept(running.at);
  const blocked = outcome(get(running.at, '/3500'));
  await running.waitForLog(/blocks/);
  await pause(900);
  wire.write(post);
  await wire.until(/\r\n\r\n\d+HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n\d+$/);
  expect(await blocked).toBe('200');
});

describe.concurrent('a connection that is idle', () => {
  it('when a reload replaces its worker gets one more answer from there, which is its last', async () => {
    const running = await served([]);
    const wire = await kept(running.at);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    // In former times it was closed after a second.
    await pause(1500);
    wire.write(post);
    const last = new RegExp(`Connection: close[\\s\\S]*\\r\\n\\r\\n${wire.worker}$`);
    expect(await wire.ended).toMatch(last);
    await running.waitForLog(/Worker exiting .*replaced by another generation/);
  });

  it('does not hold up a stop, also where its worker retired before', async () => {
    const running = await served(['--graceful-timeout', '60']);
    const wire = await kept(running.at);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    const other = await keptByNew(running.at, [wire.worker]);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    await Promise.all([wire.ended, other.ended]);
    expect(running.stderr).not.toMatch(/ERROR|CRITICAL|WARNING/);
  });

  it('does not hold up a retired worker whose arbiter is gone', async () => {
    const running = await served(['--graceful-timeout', '60']);
    const wire = await kept(running.at);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    endWithTest(...running.workers());
    running.signal('SIGKILL');
    await wire.ended;
    await running.waitFor(() => !isAlive(wire.worker), 'the retired worker to end');
  });

  it('does not keep more than one generation of old workers', async () => {
    const running = await served(['--graceful-timeout', '60']);
    const first = await kept(running.at);
    const all = [first];
    for (const generation of [2, 3]) {
      running.signal('SIGHUP');
      await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
      const old = all.map(({ worker }) => worker);
      all.push(await keptByNew(running.at, old));
    }
    await running.waitForLog(/More workers are retiring than the service has places/);
    expect(await first.ended).not.toMatch(/Connection: close/);
    await running.waitFor(() => !isAlive(first.worker), 'the oldest worker to end');
    for (const { socket } of all.slice(1)) expect(socket.destroyed).toBe(false);
  });

  it('is answered and sent away by a worker that somebody sends TERM', async () => {
    const running = await served(['-w', '2']);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { body } = await get(running.at, '/0', agent);
    process.kill(Number(body), 'SIGTERM');
    await running.waitForLog(/will be replaced: SIGTERM/);
    await running.waitFor(() => running.workers().length === 3, 'its replacement');
    const answers = [];
    do answers.push(await get(running.at, '/0', agent));
    while (answers.at(-1)?.headers.connection !== 'close');
    expect(answers.at(-1)?.body).toBe(body);
    await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${body}\\)`));
    agent.destroy();
  });
});
