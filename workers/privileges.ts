import { fileURLToPath } from 'node:url';
import { fs } from '../src/builtins.ts';
import { codeOf, EXIT, messageOf } from '../src/errors.ts';
import { openStandard } from '../src/log/destination.ts';
import { become, type Identity } from '../src/privileges/identity.ts';
import type { Inbox } from './inbox.ts';

/** The descriptors that `-` stands for in the log settings. */
export interface Standards {
  readonly stdout: number;
  readonly stderr: number;
}

/**
 * Becomes the user and group of the settings, for good, before anything of the operator's is loaded. Where that fails
 * the arbiter is told, and the process ends. Returns the standard streams as this process can still write them.
 */
export async function dropPrivileges(inbox: Inbox, identity: Identity): Promise<Standards> {
  // While this is still allowed: /proc/self belongs to root once a process has changed its user.
  const standards = { stdout: openStandard(1), stderr: openStandard(2) };
  try {
    become(identity);
  } catch (error) {
    await refuse(
      inbox,
      `cannot become ${identity.label} (--user, --group): ${codeOf(error) ?? messageOf(error)}`,
    );
  }
  const ours = fileURLToPath(new URL('.', import.meta.url));
  try {
    fs.accessSync(ours, fs.constants.R_OK | fs.constants.X_OK);
  } catch (error) {
    await refuse(
      inbox,
      `${identity.label} cannot read tsunicorn itself (${codeOf(error)} ${ours}); install it where that user can read`,
    );
  }
  return standards;
}

async function refuse(inbox: Inbox, message: string): Promise<never> {
  await inbox.send({ tsunicorn: 'bootFailed', exitStatus: EXIT.usage, message });
  process.exit(EXIT.usage);
}
