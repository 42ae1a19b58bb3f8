import { fileURLToPath } from 'node:url';
import { fs } from '../src/builtins.ts';
import { codeOf, EXIT, messageOf } from '../src/errors.ts';
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
  const standards = { stdout: withoutBlocking(1), stderr: withoutBlocking(2) };
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

/**
 * A pipe is opened a second time, as src/log/destination.ts does, while this is still allowed: /proc/self belongs to
 * root once a process has changed its user.
 */
function withoutBlocking(fd: 1 | 2): number {
  try {
    if (!fs.fstatSync(fd).isFIFO()) return fd;
    const { O_WRONLY, O_APPEND, O_NONBLOCK } = fs.constants;
    return fs.openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_APPEND | O_NONBLOCK);
  } catch {
    // No /proc, or a closed stream: the plain one serves, or fails at its first write.
    return fd;
  }
}
