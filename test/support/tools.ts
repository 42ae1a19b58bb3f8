import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { it, type TestAPI } from 'vitest';

type It = TestAPI['skip'];

/** `it` where the commands `tools` are installed; elsewhere one that skips, and a warning. Ask once a file. */
export function withTool(...tools: readonly string[]): It {
  const missing = tools.filter((tool) => !isInstalled(tool));
  return onlyIf(missing.length === 0, `${missing.join(', ')} not installed`);
}

/** `base` where a package is installed; elsewhere one that skips, and a warning. */
export function withPackage(name: string, base: It): It {
  const isThere = existsSync(new URL(`../../node_modules/${name}`, import.meta.url));
  return isThere ? base : onlyIf(false, `${name} is not installed`);
}

/** `it` for what an ordinary user is refused; root is refused nothing, so as root one that skips, and a warning. */
export function asOrdinaryUser(): It {
  return onlyIf(process.getuid?.() !== 0, 'root is refused nothing');
}

/** `it` where a process may be made process 1 of a namespace; elsewhere one that skips, and a warning. */
export function asProcessOne(): It {
  const { status } = spawnSync('unshare', [...AS_PROCESS_ONE.slice(1), 'true']);
  return onlyIf(status === 0, 'no process namespace can be made here');
}

/** `it` where a process may mount what others do not see; elsewhere one that skips, and a warning. */
export function inMountNamespace(): It {
  const { status } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/dev/shm']);
  return onlyIf(status === 0, 'no mount namespace can be made here');
}

/** `it` where a process can be shut in as in a container; elsewhere one that skips, and a warning. */
export function inContainer(): It {
  const { status } = spawnSync('unshare', [
    ...IN_CONTAINER.slice(1),
    'setpriv',
    '--bounding-set=-all',
    'true',
  ]);
  return onlyIf(status === 0, 'nothing like a container can be made here');
}

/** The command that gives another mounts and processes of its own, among which it is process 1. */
export const IN_CONTAINER = ['unshare', '--mount', '--pid', '--fork', '--kill-child'];

/** The command that makes another process 1, in a process namespace of its own. */
export const AS_PROCESS_ONE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** `it` for what takes root; for others one that skips, and a warning. */
export function asRoot(): It {
  return onlyIf(process.getuid?.() === 0, 'only root can become somebody else');
}

/** `it` where this machine has ::1; elsewhere one that skips, and a warning. */
export function withIpv6(): It {
  return onlyIf(hasIpv6(), 'this machine has no IPv6');
}

/** Whether this machine has the IPv6 loopback address. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
}

function onlyIf(condition: boolean, otherwise: string): It {
  if (condition) return it;
  console.warn(`SKIPPED: ${otherwise}, so some tests of this file do not run`);
  return it.skip;
}

function isInstalled(tool: string): boolean {
  // Servers such as nginx lie where an ordinary user's PATH does not lead.
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK);
      return true;
    } catch {
      // Not there.
      return false;
    }
  });
}
