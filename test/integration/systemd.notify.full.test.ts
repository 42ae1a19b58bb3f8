import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openNotifySocket } from '../support/notify-socket.ts';
import { withTool } from '../support/tools.ts';
import { app, serve } from '../support/tsunicorn.ts';

const puppet = app('puppet.ts:app');
const itWithNotify = withTool('systemd-notify', 'python3');

/** A running service that tells its state to a socket of the test's. */
async function notified(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const manager = await openNotifySocket();
  const running = await serve([puppet, ...args], { files: {}, env: { NOTIFY_SOCKET: manager.path, ...env } });
  const states = (...expected: readonly string[]) =>
    running.waitFor(() => manager.states().join() === expected.join(), `systemd to hear ${expected}`);
  return { manager, running, states };
}

describe('systemd', () => {
  itWithNotify('hears of a start, a reload, a reload that is refused, and the stop', async () => {
    const { manager, running, states } = await notified(['-w', '2']);
    await states('READY');
    expect(manager.received.map(({ STATUS }) => STATUS)).toEqual([
      'Starting: 0 of 2 workers ready, generation 1',
      expect.stringMatching(/^Serving: [12] of 2 workers ready, generation 1$/),
    ]);

    running.signal('SIGHUP');
    await states('READY', 'RELOADING', 'READY');
    const reload = manager.received.find(({ RELOADING }) => RELOADING === '1');
    // systemd compares it with the moment at which it asked for the reload.
    expect(Number(reload?.MONOTONIC_USEC)).toBeLessThanOrEqual(Number(process.hrtime.bigint() / 1000n));
    expect(manager.received.at(-1)?.STATUS).toMatch(/^Serving: 2 of 2 workers ready, generation 2$/);

    writeFileSync(join(running.cwd, 'broken'), '');
    running.signal('SIGHUP');
    await states('READY', 'RELOADING', 'READY', 'RELOADING', 'READY');
    expect(manager.received.at(-1)?.STATUS).toMatch(
      /^Serving: 2 of 2 workers ready, generation 2; the last reload failed: .*broken on purpose$/,
    );

    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    await states('READY', 'RELOADING', 'READY', 'RELOADING', 'READY', 'STOPPING');
  });

  itWithNotify('is fed while a worker is ready, and not while none is', async () => {
    const { manager, running } = await notified([], { WATCHDOG_USEC: '200000' });
    await running.waitFor(() => manager.beats() >= 3, 'three beats');
    writeFileSync(join(running.cwd, 'hold-boot'), '');
    const [worker = 0] = running.workers();
    process.kill(worker, 'SIGKILL');
    await running.waitForLog(/waits in its import/);
    // One may be on its way.
    await pause(200);
    const before = manager.beats();
    await pause(600);
    expect(manager.beats()).toBe(before);
    rmSync(join(running.cwd, 'hold-boot'));
    await running.waitFor(() => manager.beats() >= before + 2, 'two more beats');
  });

  itWithNotify('that does not listen is complained of once, and the service serves', async () => {
    const running = await serve([puppet], { env: { NOTIFY_SOCKET: '/nonexistent/notify.sock' } });
    await running.waitForLog(/\[ERROR\] A message to systemd could not be sent \(NOTIFY_SOCKET\): .+/);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr.match(/could not be sent/g)).toHaveLength(1);
  });

  it('cannot be told anything without systemd-notify, which the log says', async () => {
    const env = { NOTIFY_SOCKET: '/nonexistent/notify.sock', PATH: '/nonexistent' };
    const running = await serve([puppet], { env });
    await running.waitForLog(
      /\(NOTIFY_SOCKET\): systemd-notify is not installed; install it, or write Type=exec/,
    );
  });
});
