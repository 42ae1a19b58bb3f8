import { type Loading, type OwnPart, startOf } from '../arbiter/workers/child-start.ts';
import { askChild, type Outcome } from '../process/ask.ts';
import type { Spawn } from '../process/child.ts';
import type { TrialAnswer, TrialQuestion } from '../process/trial.ts';
import type { LoadedData } from '../settings/load.ts';
import { servedName } from '../settings/mounts.ts';
import type { Clock } from '../support/clock.ts';
import { BootError, EXIT } from '../support/errors.ts';
import { ownFile } from '../support/own-files.ts';

/** The generation whose application is loaded, and the number of the worker that it stands for. */
export type Trial = Loading & {
  readonly generation: { readonly loaded: Pick<LoadedData, 'settings' | 'environment'> };
};

const OWN: OwnPart = {
  as: 'trial',
  options: [],
  entry: ownFile('workers/trial'),
  preload: ownFile('workers/preload'),
  programEntry: ownFile('workers/program-trial'),
  programLast: ownFile('workers/program-last'),
};

/** How the process is started and timed; the settings are added to the environment `base`. */
export interface TrialOptions {
  readonly spawn: Spawn;
  readonly clock: Clock;
  readonly base: NodeJS.ProcessEnv;
  /** Whether the program says where it is served. */
  readonly asks: boolean;
}

/**
 * Loads the application in a child process, as a worker would, since it may never finish, block its event loop or call
 * process.exit(). Resolves with a description of the application; rejects with a BootError.
 */
export async function tryApplication(
  trial: Trial,
  { spawn, clock, base, asks }: TrialOptions,
): Promise<string> {
  const { loaded, privileges } = trial.generation;
  const { settings } = loaded;
  const question: TrialQuestion = { settings, identity: privileges?.identity ?? null, asks };
  const outcome = await askChild<TrialAnswer>({
    spawn,
    clock,
    child: {
      ...startOf(trial, OWN, base),
      serialization: 'advanced',
    },
    question,
    limitMs: settings.bootTimeout * 1000 || Infinity,
  });
  if (outcome.how !== 'answered')
    throw new BootError(
      `${servedName(settings)}: ${explain(outcome, settings.bootTimeout)}`,
      EXIT.workerBoot,
    );
  if ('what' in outcome.answer) return outcome.answer.what;
  const { exitStatus, message, stack } = outcome.answer;
  throw new BootError(message, exitStatus === EXIT.appLoad ? EXIT.appLoad : EXIT.workerBoot, stack);
}

function explain(outcome: Exclude<Outcome<TrialAnswer>, { how: 'answered' }>, bootTimeout: number): string {
  switch (outcome.how) {
    case 'unstarted':
      return `no process could be started for it: ${outcome.why}`;
    case 'overdue':
      return `its import or factory had not finished within ${bootTimeout} s (--boot-timeout)`;
    case 'ended':
      return outcome.signal === null
        ? `its process exited with status ${outcome.status} while it was loaded (does it call process.exit()?)`
        : `its process was ended by ${outcome.signal} while it was loaded`;
  }
}
