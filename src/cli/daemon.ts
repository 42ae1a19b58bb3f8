import type { ChildProcess } from 'node:child_process';
import { addressesOf } from '../arbiter/generation.ts';
import { fs } from '../builtins.ts';
import { EXIT, messageOf, UsageError } from '../errors.ts';
import { launch } from '../launch.ts';
import { bindAll } from '../listeners/listener.ts';
import type { Logger } from '../log/logger.ts';
import { isServing } from '../parent.ts';
import type { Loaded } from '../settings/load.ts';
import type { Start } from '../start.ts';

/**
 * `--daemon`, the side of the terminal: starts the arbiter in a session of its own and waits for its first worker.
 * Resolves with 0 then, or with the exit status of an arbiter that has failed, whose words it repeats.
 */
export async function daemonise(loaded: Loaded, start: Start): Promise<number> {
  const inherited = await bindAll(addressesOf(loaded).filter(({ kind }) => kind === 'fd'));
  const child = tryLaunch(() =>
    launch(start, {
      kind: 'front',
      listeners: inherited,
      workerCount: null,
      stdout: 'ignore',
      stderr: 'pipe',
    }),
  );
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const interrupt = () => void child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.on(signal, interrupt);
  const outcome = await outcomeOf(child);
  if (outcome.name === 'serving') {
    if (loaded.settings.errorLogfile === '-' && !loaded.settings.syslog)
      process.stderr.write('tsunicorn: the log of the daemon goes nowhere; give it an --error-logfile\n');
    return EXIT.ok;
  }
  process.stderr.write(said || `tsunicorn: the daemon ended before it was ready (${outcome.how})\n`);
  return outcome.status || EXIT.usage;
}

type Outcome = { readonly name: 'serving' } | { readonly name: 'ended'; status: number; how: string };

function outcomeOf(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (isServing(message)) resolve({ name: 'serving' });
    });
    child.on('error', (error) => reject(refusal(error)));
    // Not 'exit': its last words may still be unread then.
    child.once('close', (status, signal) => {
      const how = signal ? `killed by ${signal}` : `status ${status}`;
      resolve({ name: 'ended', status: status ?? EXIT.usage, how });
    });
  });
}

function tryLaunch(act: () => ChildProcess): ChildProcess {
  try {
    return act();
  } catch (error) {
    throw refusal(error);
  }
}

function refusal(error: unknown): UsageError {
  return new UsageError(`--daemon: the process could not be started: ${messageOf(error)}`);
}

/** The daemon's logger until it serves: what ends its boot is told to the front too, whatever file the log is in. */
export function alsoToFront(log: Logger): Logger {
  return {
    ...log,
    critical(message, fields) {
      log.critical(message, fields);
      try {
        fs.writeSync(2, `tsunicorn: ${message}\n`);
      } catch {
        // EPIPE: the front was killed, and nobody waits.
      }
    },
  };
}

/** The daemon serves: lets go of the front, which is the last that ties it to a terminal. */
export function leaveFront(): void {
  if (process.connected) process.disconnect?.();
  fs.closeSync(2);
  // Gets the lowest free number, which is 2.
  fs.openSync('/dev/null', 'w');
}
