import type { ChildSpec } from '../child.ts';
import type { Identity } from './identity.ts';
import type { Setpriv } from './setpriv.ts';

/** What of a child's start depends on its user. */
export type StartAs = Pick<ChildSpec, 'command' | 'env' | 'uid' | 'gid'>;

/**
 * How to start a command so that all of it, its loader and what its environment preloads included, runs as the
 * identity. It is done by spawn's `uid` and `gid`, which leave the process no supplementary groups, or by setpriv if it
 * is to have some.
 */
export function startAs(
  { uid, gid }: Identity,
  setpriv: Setpriv | null,
  command: ChildSpec['command'],
  env: NodeJS.ProcessEnv,
): StartAs {
  if (setpriv === null) return { command, env, uid, gid };
  // It still runs as root, so it gets nothing that its loader or the C library would act on.
  const withheld = Object.entries(env).filter(([name]) => UNSAFE.test(name));
  const seen = Object.fromEntries(Object.entries(env).filter(([name]) => !UNSAFE.test(name)));
  const giveBack =
    withheld.length === 0 ? [] : [setpriv.env, ...withheld.map(([name, value]) => `${name}=${value}`)];
  return { command: [...setpriv.words, ...giveBack, ...command], env: seen };
}

// What the GNU C library itself drops in programs that have more rights than their caller (unsecvars.h).
const UNSAFE =
  /^(LD_.*|MALLOC_.*|GLIBC_.*|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|NIS_PATH|NLSPATH|RES_OPTIONS|RESOLV_HOST_CONF|TMPDIR|TZDIR)$/;
