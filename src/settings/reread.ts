import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../errors.ts';
import { spawnProblem } from '../spawn-problem.ts';
import type { LoadedData, LoadInput } from './load.ts';

/** What the reading child answers. */
export type ReadAnswer = { readonly loaded: LoadedData } | { readonly refused: string };

export type ReadQuestion = Pick<LoadInput, 'argv' | 'env' | 'cwd' | 'sockets'>;

// More than loadSettings() itself allows an import; only a config file that blocks its event loop meets this one.
const LIMIT_MS = 35_000;

/**
 * Loads the settings again in a child process: imported modules cannot be unloaded, so reading them here would grow the
 * arbiter with every reload, and would not see what the config file itself imports. Rejects with a UsageError.
 * The child ends with `signal`.
 */
export async function rereadSettings(question: ReadQuestion, signal: AbortSignal): Promise<LoadedData> {
  const answer = await ask(question, signal);
  if ('refused' in answer) throw new UsageError(answer.refused);
  return answer.loaded;
}

function ask(question: ReadQuestion, signal: AbortSignal): Promise<ReadAnswer> {
  const here = import.meta.url;
  const reader = fileURLToPath(new URL(`./reader${extname(here)}`, here));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [reader], {
      cwd: question.cwd,
      env: question.env,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      signal,
      killSignal: 'SIGKILL',
    });
    const end = () => child.kill('SIGKILL');
    const timer = setTimeout(end, LIMIT_MS);
    // A config file that blocks its event loop would never notice that nobody waits for it.
    process.once('exit', end);
    child.on('message', (answer) => resolve(answer as ReadAnswer));
    child.on('error', (error) =>
      reject(new UsageError(`the configuration could not be read: ${spawnProblem(error, question.cwd)}`)),
    );
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      process.off('exit', end);
      reject(
        new UsageError(`the configuration could not be read: the reader ended with ${signal ?? status}`),
      );
    });
    child.send(question);
  });
}
