import { codeOf, messageOf, UsageError } from '../errors.ts';
import type { LoadedData } from '../settings/load.ts';
import { nameSetting } from '../settings/origin.ts';
import { type Account, findAccount, findGroup } from './accounts.ts';
import { actingAs, type Identity } from './identity.ts';

// The largest is -1, which the system calls take for "leave it".
const MAX_ID = 2 ** 32 - 2;

/**
 * Whom `user`, `group` and `initgroups` ask the workers to become; null where that is ourselves. Throws a UsageError
 * that names the setting: no such user or group, or no right to become it.
 */
export async function resolveIdentity(asked: LoadedData): Promise<Identity | null> {
  const { user, group, initgroups } = asked.settings;
  const from = {
    user: nameSetting(asked.origins.user, 'user'),
    group: nameSetting(asked.origins.group, 'group'),
    initgroups: nameSetting(asked.origins.initgroups, 'initgroups'),
  };
  if (initgroups && user === null)
    throw new UsageError(`${from.initgroups}: whose groups? Name the user with --user`);
  const account = user === null ? null : await accountOf(from.user, user);
  const gid = group === null ? primaryOf(from.user, account) : await groupOf(from.group, group);
  if (initgroups && account?.name === undefined)
    throw new UsageError(
      `${from.initgroups}: user ${user} has no entry in the user database, so it has no groups there; write its name`,
    );
  const identity: Identity = {
    label: account ? `user ${account.name ?? account.uid}` : `group ${group}`,
    uid: account?.uid ?? ourUid(),
    gid,
    groupsOf: initgroups ? (account?.name ?? null) : null,
    environment: environmentOf(account),
  };
  return ourUid() === 0 ? permitted(from, identity, account) : oneself(from, identity);
}

/** A number need not have an entry, as in containers. */
type MaybeAccount = Pick<Account, 'uid'> & Partial<Account>;

async function accountOf(source: string, user: string): Promise<MaybeAccount> {
  const account = await findAccount(user);
  if (account) return account;
  const uid = idOf(user);
  if (uid === null)
    throw new UsageError(`${source}: there is no user "${user}"; \`getent passwd\` lists those there are`);
  return { uid };
}

async function groupOf(source: string, group: string): Promise<number> {
  const gid = (await findGroup(group)) ?? idOf(group);
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

function oneself(from: Sources, { uid, gid, label }: Identity): null {
  if (uid !== ourUid())
    throw new UsageError(
      `${from.user}: only root may become ${label}; start as root, or as that user without ${from.user}`,
    );
  if (gid !== process.getegid?.())
    throw new UsageError(
      `${from.group}: only root may take group ${gid}; start as root, or leave the group out`,
    );
  return null;
}

/** A container's root may lack the right, and a user namespace the user: better known before anything is bound. */
function permitted(from: Sources, identity: Identity, account: MaybeAccount | null): Identity {
  try {
    actingAs(identity, () => {});
    return identity;
  } catch (error) {
    const source = account ? from.user : from.group;
    throw new UsageError(
      `${source}: cannot become ${identity.label} (${codeOf(error) ?? messageOf(error)}); it takes the capabilities SETUID and SETGID, and ids that this user namespace has`,
    );
  }
}

function ourUid(): number {
  return process.geteuid?.() ?? 0;
}
