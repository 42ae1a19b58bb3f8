declare global {
  namespace NodeJS {
    // The types of Node do not declare it.
    interface Process {
      initgroups?(user: string | number, extraGroup: string | number): void;
    }
  }
}

/** The user and groups that the workers run as. It is plain data, so that it can travel to them. */
export interface Identity {
  /** As messages name it: `user www-data`, `group staff`. */
  readonly label: string;
  readonly uid: number;
  readonly gid: number;
  /** Every group, the primary one included. */
  readonly groups: readonly number[];
  /** HOME, USER and LOGNAME, as login(1) would set them; empty where no user is named. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs `act`, which must be synchronous, with the rights of that identity on files. Throws a system error. */
export function actingAs<Result>(
  { uid, gid, groups }: Omit<Identity, 'label' | 'environment'>,
  act: () => Result,
): Result {
  return restoringIds(() => {
    process.setgroups?.([...groups]);
    process.setegid?.(gid);
    process.seteuid?.(uid);
    return act();
  });
}

/** The groups of the user in the system's group database, and `gid`, as initgroups(3) finds them. Throws a system error. */
export function groupsOf(user: string, gid: number): readonly number[] {
  return restoringIds(() => {
    process.initgroups?.(user, gid);
    // Node adds the present group to the list.
    process.setegid?.(gid);
    return process.getgroups?.() ?? [gid];
  });
}

/** How this process differs from the identity, as the rest of a sentence; null if it does not. */
export function differenceFrom({ uid, gid, groups }: Identity): string | null {
  const ids = {
    uid: process.getuid?.(),
    euid: process.geteuid?.(),
    gid: process.getgid?.(),
    egid: process.getegid?.(),
  };
  if (ids.uid !== uid || ids.euid !== uid || ids.gid !== gid || ids.egid !== gid)
    return `the process runs as ${ids.euid}:${ids.egid}`;
  // It has the primary group, whether or not it is in the kernel's list.
  const sorted = (list: readonly number[]) =>
    [...new Set([...list, gid])].toSorted((a, b) => a - b).join(', ');
  const [has, ought] = [sorted(process.getgroups?.() ?? []), sorted(groups)];
  return has === ought ? null : `the process has the groups ${has}, not ${ought}`;
}

function restoringIds<Result>(act: () => Result): Result {
  const groups = process.getgroups?.() ?? [];
  const before = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  try {
    return act();
  } finally {
    process.seteuid?.(before.uid);
    process.setegid?.(before.gid);
    process.setgroups?.(groups);
  }
}
