import { type Spawn, startChild } from '../process/child.ts';
import { fileIn, type Installation, ownInstallation } from '../process/installation.ts';
import { withoutInspector } from '../process/node-options.ts';
import type { LoadedData, LoadInput } from '../settings/load.ts';
import type { Clock } from '../support/clock.ts';
import { UsageError } from '../support/errors.ts';

/** What the reading child answers. */
export type ReadAnswer = { readonly loaded: LoadedData } | { readonly refused: string };

export type ReadQuestion = Pick<LoadInput, 'argv' | 'env' | 'cwd' | 'sockets'>;

// More than loadSettings() itself allows an import; only a config file that blocks its event loop meets this one.
const LIMIT_MS = 35_000;

/** What the child is started and timed by. */
export interface ReadMeans {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** Whose reader it is; absent where it is our own. */
  readonly installation?: Installation;
}

/**
 * Loads the settings again in a child process: imported modules cannot be unloaded, so reading them here would grow the
 * arbiter with every reload, and would not see what the config file itself imports. Rejects with a UsageError.
 * The child ends with `signal`.
 */
export async function rereadSettings(
  question: ReadQuestion,
  signal: AbortSignal,
  means: ReadMeans,
): Promise<LoadedData> {
  const answer = await ask(question, signal, means);
  if ('refused' in answer) throw new UsageError(answer.refused);
  return answer.loaded;
}

function ask(
  question: ReadQuestion,
  signal: AbortSignal,
  { spawn, clock, installation = ownInstallation }: ReadMeans,
): Promise<ReadAnswer> {
  const reader = fileIn(installation, 'src/main/settings-reader');
  const { execArgv, environment } = withoutInspector(process.execArgv, question.env);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new UsageError(`the configuration could not be read: ${why}`));
    const child = startChild(
      spawn,
      {
        command: [process.execPath, ...execArgv, reader],
        cwd: question.cwd,
        env: { ...question.env, ...environment },
        detached: true,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        signal,
        killSignal: 'SIGKILL',
      },
      fail,
    );
    if (child === null) return;
    const end = () => child.kill('SIGKILL');
    const cancel = clock.after(LIMIT_MS, () => {
      end();
      fail(`the reader was not done within ${LIMIT_MS / 1000} s`);
    });
    // A config file that blocks its event loop would never notice that nobody waits for it.
    process.once('exit', end);
    child.on('message', (answer) => resolve(answer as ReadAnswer));
    child.on('close', (status, signal) => {
      cancel();
      process.off('exit', end);
      fail(`the reader ended with ${signal ?? status}`);
    });
    child.send(question);
  });
}
