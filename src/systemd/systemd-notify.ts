import { spawn } from 'node:child_process';
import { codeOf } from '../errors.ts';
import type { Assignments } from './notification.ts';
import type { Failure } from './sender.ts';

/** It waits up to 5 s until systemd has read the message: systemd looks up whose it is while the sender still lives. */
const LIMIT_MS = 10_000;

/**
 * Sends one message by way of systemd-notify(1), as Node has no AF_UNIX datagrams. Resolves when systemd has it. The
 * spawn holds the event loop for about a millisecond.
 */
export function systemdNotify(socket: string, assignments: Assignments): Promise<Failure | null> {
  const child = spawn('systemd-notify', toArguments(assignments), {
    env: { PATH: process.env.PATH, NOTIFY_SOCKET: socket },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(notStarted(error)));
    child.once('close', (status, signal) => {
      const reason = said.trim() || `it ended with ${signal ?? status}`;
      resolve(status === 0 ? null : { reason: `systemd-notify: ${reason}`, forGood: false });
    });
  });
}

// Plain assignments, as its option for each is younger than the assignment itself (--reloading: 253).
function toArguments(assignments: Assignments): readonly string[] {
  return Object.entries(assignments).map(([name, value]) => `${name}=${value}`);
}

function notStarted(error: Error): Failure {
  return codeOf(error) === 'ENOENT'
    ? {
        reason:
          'systemd-notify is not installed; install it, or write Type=exec and no WatchdogSec= in the unit',
        forGood: true,
      }
    : { reason: `systemd-notify: ${error.message}`, forGood: false };
}
