import { spawn } from 'node:child_process';
import { addressesOf } from '../arbiter/change/generation.ts';
import { bindAll } from '../listeners/bind.ts';
import type { Listener } from '../listeners/listener.ts';
import { launch } from '../process/launch.ts';
import { isServing } from '../process/parent.ts';
import type { Start } from '../process/start.ts';
import type { Loaded } from '../settings/load.ts';
import { fs } from '../support/builtins.ts';
import { EXIT, UsageError } from '../support/errors.ts';
import type { Logger } from '../support/logger.ts';
import { escapeLines } from '../support/text.ts';

/**
 * `--daemon`, in the process that the terminal started: starts the arbiter in a session of its own and waits until its first
 * worker is ready. Resolves with 0 then. Where the arbiter fails, repeats what it wrote and resolves with its exit status.
 */
export async function daemonise(loaded: Loaded, start: Start): Promise<number> {
  const listeners = await bindAll(addressesOf(loaded).filter(({ kind }) => kind === 'fd'));
  const daemon = await runDaemon(start, listeners);
  if (daemon.name === 'serving') {
    if (loaded.settings.errorLogfile === '-' && !loaded.settings.syslog)
      process.stderr.write('tsunicorn: the log of the daemon is discarded; set --error-logfile\n');
    return EXIT.ok;
  }
  const { said, how, status } = daemon;
  process.stderr.write(escapeLines(said) || `tsunicorn: the daemon ended before it was ready (${how})\n`);
  return status || EXIT.usage;
}

type Outcome =
  | { readonly name: 'serving' }
  | { readonly name: 'ended'; readonly said: string; readonly status: number; readonly how: string };

/** Resolves when the daemon serves, or has ended. Rejects with a UsageError where it could not be started. */
function runDaemon(start: Start, listeners: readonly Listener[]): Promise<Outcome> {
  const options = { kind: 'front', listeners, workerCount: null, stdout: 'ignore', stderr: 'pipe' } as const;
  return new Promise((resolve, reject) => {
    const child = launch(spawn, start, options, (why) =>
      reject(new UsageError(`--daemon: the process could not be started: ${why}`)),
    );
    if (child === null) return;
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const interrupt = () => void child.kill('SIGTERM');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.on(signal, interrupt);
    child.on('message', (message) => {
      if (isServing(message)) resolve({ name: 'serving' });
    });
    // Not 'exit': the end of its output may still be unread then.
    child.once('close', (status, signal) => {
      const how = signal ? `killed by ${signal}` : `status ${status}`;
      resolve({ name: 'ended', said, status: status ?? EXIT.usage, how });
    });
  });
}

/** The daemon's logger until it serves: what ends its boot is written to the terminal too, whatever file the log is in. */
export function alsoToFront(log: Logger): Logger {
  return {
    ...log,
    critical(message, fields) {
      log.critical(message, fields);
      try {
        fs.writeSync(2, `tsunicorn: ${message}\n`);
      } catch {
        // EPIPE: the process in the terminal was killed.
      }
    },
  };
}

/** Called once the daemon serves: disconnects it from the process in the terminal. */
export function leaveFront(): void {
  if (process.connected) process.disconnect?.();
  fs.closeSync(2);
  // Gets the lowest free number, which is 2.
  fs.openSync('/dev/null', 'w');
}
