import { commandOf, type Loading, startOf } from '../arbiter/workers/child-start.ts';
import { type Spawn, startChild } from '../process/child.ts';
import type { TrialAnswer, TrialQuestion } from '../process/trial.ts';
import type { LoadedData } from '../settings/load.ts';
import type { Clock } from '../support/clock.ts';
import { BootError, EXIT } from '../support/errors.ts';
import { ownFile } from '../support/own-files.ts';

/** What would be loaded, and as a worker of which slot. */
export type Trial = Loading & {
  readonly generation: { readonly loaded: Pick<LoadedData, 'settings' | 'environment'> };
};

/** What the process is started and timed by; the settings add to the environment `base`. */
export interface TrialMeans {
  readonly spawn: Spawn;
  readonly clock: Clock;
  readonly base: NodeJS.ProcessEnv;
}

/**
 * Loads the application in a process of its own, as a worker would: one that never finishes, that blocks its event loop
 * or that calls process.exit() must not decide how we end. Resolves with a description of it; rejects with a BootError.
 */
export async function tryApplication(trial: Trial, means: TrialMeans): Promise<string> {
  const answer = await ask(trial, means);
  if ('what' in answer) return answer.what;
  const { exitStatus, message, stack } = answer;
  throw new BootError(message, exitStatus === EXIT.appLoad ? EXIT.appLoad : EXIT.workerBoot, stack);
}

function ask(trial: Trial, { spawn, clock, base }: TrialMeans): Promise<TrialAnswer> {
  const { loaded, privileges } = trial.generation;
  const { settings } = loaded;
  const question: TrialQuestion = { settings, identity: privileges?.identity ?? null };
  const program = ownFile('workers/trial');
  return new Promise((resolve) => {
    const fail = (message: string) =>
      resolve({ exitStatus: EXIT.workerBoot, message: `${settings.app}: ${message}` });
    const child = startChild(
      spawn,
      {
        ...startOf(trial, commandOf(trial, [program]), base),
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        serialization: 'advanced',
      },
      (why) => fail(`no process could be started for it: ${why}`),
    );
    if (child === null) return;
    const end = () => child.kill('SIGKILL');
    // An application that blocks its event loop would never notice that nobody waits for it.
    process.once('exit', end);
    const cancel = limit(settings.bootTimeout, clock, () => {
      fail(`its import or factory had not finished within ${settings.bootTimeout} s (--boot-timeout)`);
      end();
    });
    child.on('message', (answer) => resolve(answer as TrialAnswer));
    child.on('close', (status, signal) => {
      cancel();
      process.off('exit', end);
      fail(causeOf(status, signal));
    });
    child.send(question);
  });
}

function limit(seconds: number, clock: Clock, fire: () => void): () => void {
  return seconds === 0 ? () => {} : clock.after(seconds * 1000, fire);
}

function causeOf(status: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `its process was ended by ${signal} while it was loaded`;
  return `its process exited with status ${status} while it was loaded (does it call process.exit()?)`;
}
