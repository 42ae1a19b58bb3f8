import { answerOnce } from '../../src/process/ask.ts';
import type { Identity } from '../../src/process/privileges/identity.ts';
import type { TrialAnswer, TrialQuestion } from '../../src/process/trial.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { BootError, EXIT, messageOf } from '../../src/support/errors.ts';

/** Loads the application once and describes it; `asks` is whether a program says where it is served. */
type Load = (settings: Settings, asks: boolean) => Promise<string>;

/** The child's side of tryApplication(). */
export function tryOnce(load: Load): void {
  answerOnce((question: TrialQuestion) => attempt(question, load));
}

async function attempt({ settings, identity, asks }: TrialQuestion, load: Load): Promise<TrialAnswer> {
  try {
    if (identity !== null) await confirm(identity);
    return { what: await load(settings, asks) };
  } catch (error) {
    if (error instanceof BootError) {
      const { exitStatus, message, userStack } = error;
      return userStack === undefined ? { exitStatus, message } : { exitStatus, message, stack: userStack };
    }
    return { exitStatus: EXIT.workerBoot, message: messageOf(error) };
  }
}

async function confirm(identity: Identity): Promise<void> {
  const { differenceFrom } = await import('../../src/process/privileges/identity.ts');
  const difference = differenceFrom(identity);
  if (difference !== null)
    throw new Error(`cannot run as ${identity.label} (--user, --group): ${difference}`);
}
