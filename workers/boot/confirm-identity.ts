import { differenceFrom, type Identity } from '../../src/process/privileges/identity.ts';
import { EXIT } from '../../src/support/errors.ts';
import type { Inbox } from '../inbox.ts';

/**
 * Ends the worker, before it loads anything of the application, if it runs as the wrong user or with the wrong groups:
 * libuv ignores a failure to drop the groups of root.
 */
export async function confirmIdentity(inbox: Inbox, identity: Identity): Promise<void> {
  const difference = differenceFrom(identity);
  if (difference === null) return;
  await inbox.send({
    tsunicorn: 'bootFailed',
    exitStatus: EXIT.usage,
    message: `cannot run as ${identity.label} (--user, --group): ${difference}; this needs the capabilities SETUID and SETGID, and a user namespace that lets groups be set`,
  });
  process.exit(EXIT.usage);
}
