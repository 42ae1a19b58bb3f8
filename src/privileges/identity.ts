declare global {
  namespace NodeJS {
    // Its types do not name it.
    interface Process {
      initgroups?(user: string | number, extraGroup: string | number): void;
    }
  }
}

/** Whom the workers become. It is plain data, so that it can travel to them. */
export interface Identity {
  /** As messages name it: `user www-data`, `group staff`. */
  readonly label: string;
  readonly uid: number;
  readonly gid: number;
  /** The name whose supplementary groups the system's group database is asked for; null for the primary group alone. */
  readonly groupsOf: string | null;
  /** HOME, USER and LOGNAME, as login(1) would set them; empty where no user is named. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Becomes that identity for good. The order matters: the right to change groups goes with the user. Throws a system error. */
export function become({ uid, gid, groupsOf }: Identity): void {
  // Without this the groups of the one who started us, root's, would stay.
  if (groupsOf === null) process.setgroups?.([gid]);
  else process.initgroups?.(groupsOf, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** Runs `act`, which must be synchronous, with the rights of that identity on files. Throws a system error. */
export function actingAs<Result>({ uid, gid, groupsOf }: Identity, act: () => Result): Result {
  const groups = process.getgroups?.() ?? [];
  const before = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  try {
    if (groupsOf === null) process.setgroups?.([gid]);
    else process.initgroups?.(groupsOf, gid);
    process.setegid?.(gid);
    process.seteuid?.(uid);
    return act();
  } finally {
    process.seteuid?.(before.uid);
    process.setegid?.(before.gid);
    process.setgroups?.(groups);
  }
}
