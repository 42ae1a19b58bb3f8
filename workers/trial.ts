import { answerOnce } from '../src/process/ask.ts';
import type { Identity } from '../src/process/privileges/identity.ts';
import type { TrialAnswer, TrialQuestion } from '../src/process/trial.ts';
import { classNameOf } from '../src/settings/class-name.ts';
import { BootError, EXIT, messageOf } from '../src/support/errors.ts';

// The child of tryApplication(): loads the application once.

answerOnce(attempt);

async function attempt({ settings, identity }: TrialQuestion): Promise<TrialAnswer> {
  try {
    if (identity !== null) await confirm(identity);
    return { what: await load(settings) };
  } catch (error) {
    if (error instanceof BootError) {
      const { exitStatus, message, userStack } = error;
      return userStack === undefined ? { exitStatus, message } : { exitStatus, message, stack: userStack };
    }
    return { exitStatus: EXIT.workerBoot, message: messageOf(error) };
  }
}

async function confirm(identity: Identity): Promise<void> {
  const { differenceFrom } = await import('../src/process/privileges/identity.ts');
  const difference = differenceFrom(identity);
  if (difference !== null)
    throw new Error(`cannot run as ${identity.label} (--user, --group): ${difference}`);
}

/** Loads the application where its worker class would: in a thread some of Node is missing, and memory is limited. */
async function load(settings: TrialQuestion['settings']): Promise<string> {
  if (classNameOf(settings) === 'thread') {
    const { loadInThread } = await import('./classes/thread/trial.ts');
    return loadInThread(settings);
  }
  const { loadApplication } = await import('../src/app/load.ts');
  const { what } = await loadApplication(settings.app ?? '', { cwd: process.cwd(), onError: () => {} });
  return what;
}
