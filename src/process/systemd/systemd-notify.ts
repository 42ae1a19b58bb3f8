import { spawn as spawnProcess } from 'node:child_process';
import { type Spawn, startChild } from '../child.ts';
import { commandPath } from '../command-path.ts';
import type { Assignments } from './notification.ts';
import type { Failure } from './sender.ts';

/** It waits up to 5 s until systemd has read the message: systemd looks up whose it is while the sender still lives. */
const LIMIT_MS = 10_000;

/**
 * Sends one message by way of systemd-notify(1), as Node has no AF_UNIX datagrams. Resolves when systemd has it. The
 * spawn holds the event loop for about a millisecond.
 */
export function systemdNotify(
  env: { readonly NOTIFY_SOCKET: string; readonly PATH: string | undefined },
  assignments: Assignments,
  spawn: Spawn = spawnProcess,
): Promise<Failure | null> {
  return new Promise((resolve) => {
    const child = startChild(
      spawn,
      {
        command: ['systemd-notify', ...toArguments(assignments)],
        env: { PATH: commandPath(env.PATH), NOTIFY_SOCKET: env.NOTIFY_SOCKET },
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      },
      (why, code) => resolve(notStarted(why, code)),
    );
    let said = '';
    child?.stderr?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child?.once('close', (status, signal) => {
      const reason = said.trim() || `it ended with ${signal ?? status}`;
      resolve(status === 0 ? null : { reason: `systemd-notify: ${reason}`, forGood: false });
    });
  });
}

// Plain assignments, as its option for each is younger than the assignment itself (--reloading: 253).
function toArguments(assignments: Assignments): readonly string[] {
  return Object.entries(assignments).map(([name, value]) => `${name}=${value}`);
}

function notStarted(why: string, code: string | undefined): Failure {
  return code === 'ENOENT'
    ? {
        reason:
          'systemd-notify is not installed; install it, or write Type=exec and no WatchdogSec= in the unit',
        forGood: true,
      }
    : { reason: `systemd-notify: ${why}`, forGood: false };
}
