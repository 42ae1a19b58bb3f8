import type { LoadedData } from '../../settings/load.ts';
import { nameSetting } from '../../settings/origin.ts';
import { codeOf, messageOf, UsageError } from '../../support/errors.ts';
import { type Account, findAccount, findGroup, type OwnEnvironment } from './accounts.ts';
import { actingAs, groupsOf, type Identity } from './identity.ts';

// The largest is -1, which the system calls read as "no change".
const MAX_ID = 2 ** 32 - 2;

/**
 * The identity that `user`, `group` and `initgroups` ask for; null where it is our own. `own` is the environment
 * of our start. Throws a UsageError that names the setting: no such user or group, or no right to run as it.
 */
export async function resolveIdentity(asked: LoadedData, own: OwnEnvironment): Promise<Identity | null> {
  const { user, group, initgroups } = asked.settings;
  const from = {
    user: nameSetting(asked.origins.user, 'user'),
    group: nameSetting(asked.origins.group, 'group'),
    initgroups: nameSetting(asked.origins.initgroups, 'initgroups'),
  };
  if (initgroups && user === null)
    throw new UsageError(`${from.initgroups}: it needs --user, the user whose groups the workers get`);
  const account = user === null ? null : await accountOf(from.user, user, own);
  const gid = group === null ? primaryOf(from.user, account) : await groupOf(from.group, group, own);
  if (initgroups && account?.name === undefined)
    throw new UsageError(
      `${from.initgroups}: user ${user} has no entry in the user database, so it has no groups there; write its name`,
    );
  const label = account ? `user ${account.name ?? account.uid}` : `group ${group}`;
  const uid = account?.uid ?? ourUid();
  if (ourUid() !== 0) return oneself(from, { label, uid, gid });
  return permitted(account ? from.user : from.group, label, () => {
    const groups = initgroups && account?.name !== undefined ? groupsOf(account.name, gid) : [gid];
    actingAs({ uid, gid, groups }, () => {});
    return { label, uid, gid, groups, environment: environmentOf(account) };
  });
}

/** A number need not have an entry, as in containers. */
type MaybeAccount = Pick<Account, 'uid'> & Partial<Account>;

async function accountOf(source: string, user: string, own: OwnEnvironment): Promise<MaybeAccount> {
  const account = await findAccount(user, own);
  if (account) return account;
  const uid = idOf(user);
  if (uid === null)
    throw new UsageError(`${source}: there is no user "${user}"; \`getent passwd\` lists those there are`);
  return { uid };
}

async function groupOf(source: string, group: string, own: OwnEnvironment): Promise<number> {
  const gid = (await findGroup(group, own)) ?? idOf(group);
  if (gid === null)
    throw new UsageError(`${source}: there is no group "${group}"; \`getent group\` lists those there are`);
  return gid;
}

/** Gunicorn would keep root's group; a user that is named alone gets its own. */
function primaryOf(source: string, account: MaybeAccount | null): number {
  if (account === null) return process.getegid?.() ?? 0;
  if (account.gid !== undefined) return account.gid;
  throw new UsageError(
    `${source}: user ${account.uid} has no entry in the user database; name its group with --group`,
  );
}

function idOf(text: string): number | null {
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return id <= MAX_ID ? id : null;
}

function environmentOf(account: MaybeAccount | null): Readonly<Record<string, string>> {
  if (account?.name === undefined) return {};
  return { HOME: account.home || '/', USER: account.name, LOGNAME: account.name };
}

type Sources = Readonly<Record<'user' | 'group', string>>;

function oneself(from: Sources, { uid, gid, label }: Pick<Identity, 'uid' | 'gid' | 'label'>): null {
  if (uid !== ourUid())
    throw new UsageError(
      `${from.user}: only root can run workers as ${label}; start as root, or as that user without ${from.user}`,
    );
  if (gid !== process.getegid?.())
    throw new UsageError(
      `${from.group}: only root can run workers as group ${gid}; start as root, or remove the setting`,
    );
  return null;
}

/**
 * Root in a container may lack the capability, and a user namespace the user. That is found out before anything is
 * bound.
 */
function permitted(source: string, label: string, identity: () => Identity): Identity {
  try {
    return identity();
  } catch (error) {
    throw new UsageError(
      `${source}: cannot run workers as ${label} (${codeOf(error) ?? messageOf(error)}); this needs the capabilities SETUID and SETGID, and ids that exist in this user namespace`,
    );
  }
}

function ourUid(): number {
  return process.geteuid?.() ?? 0;
}
