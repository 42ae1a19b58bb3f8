import { type ChildProcess, spawn } from 'node:child_process';
import { codeOf, messageOf } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import type { Assignments } from './notification.ts';

/** It waits up to 5 s until systemd has read the message, so that systemd can still see whose it is. */
const LIMIT_MS = 10_000;

/**
 * Sends to the service manager by way of systemd-notify, as Node has no AF_UNIX datagrams: one process at a time, in
 * order, never waited for. The spawn costs the caller about a millisecond.
 */
export class Sender {
  readonly #socket: string;
  readonly #log: Logger;
  #waiting: Assignments[] = [];
  #state: 'idle' | 'busy' | 'impossible' = 'idle';
  #complained = false;

  constructor(socket: string, log: Logger) {
    this.#socket = socket;
    this.#log = log;
  }

  /** Sends a change of state: each arrives, in order. */
  announce(assignments: Assignments): void {
    this.#waiting.push(assignments);
    this.#next();
  }

  /** Sends what only counts for the moment; where something waits it goes with that, and replaces what is outdated. */
  mention(assignments: Assignments): void {
    this.#waiting.push({ ...this.#waiting.pop(), ...assignments });
    this.#next();
  }

  #next(): void {
    if (this.#state !== 'idle') return;
    const assignments = this.#waiting.shift();
    if (assignments === undefined) return;
    this.#state = 'busy';
    const child = this.#spawn(Object.entries(assignments).map(([name, value]) => `${name}=${value}`));
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.once('error', (error) => this.#ended(reasonOf(error), codeOf(error) === 'ENOENT'));
    child.once('close', (status, signal) =>
      this.#ended(status === 0 ? null : said.trim() || `it ended with ${signal ?? status}`),
    );
  }

  #spawn(args: readonly string[]): ChildProcess {
    return spawn('systemd-notify', args, {
      env: { PATH: process.env.PATH, NOTIFY_SOCKET: this.#socket },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
  }

  /** Called once or, where the process could not be started, twice. */
  #ended(failure: string | null, forGood = false): void {
    if (this.#state !== 'busy') return;
    if (failure !== null) this.#complain(failure);
    this.#state = forGood ? 'impossible' : 'idle';
    if (forGood) this.#waiting = [];
    this.#next();
  }

  #complain(failure: string): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#log.error(`systemd could not be told of the service (NOTIFY_SOCKET): ${messageOf(failure)}`);
  }
}

function reasonOf(error: Error): string {
  return codeOf(error) === 'ENOENT'
    ? 'systemd-notify is not installed; install it, or write Type=exec and no WatchdogSec= in the unit'
    : `systemd-notify: ${error.message}`;
}
