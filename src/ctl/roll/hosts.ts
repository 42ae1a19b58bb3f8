import { splitArguments } from '../../settings/sources/split-arguments.ts';
import { fs } from '../../support/builtins.ts';
import { codeOf, messageOf } from '../../support/errors.ts';
import { Failure, STATUS } from '../failure.ts';
import { COMMON_FLAGS, readWords } from '../parse.ts';
import type { Flag } from '../verb.ts';

/** A host whose service is rolled. */
export interface Host {
  /** As it stands in the file: `deploy@web1:2222`. */
  readonly name: string;
  /** What ssh connects to: `deploy@web1`. */
  readonly target: string;
  readonly port: number | null;
  /** The options that choose the service there: `['--name', 'shop']`; none where it is alone. */
  readonly choice: readonly string[];
  /** Where tsunicornctl is there; null where it is found as elsewhere. */
  readonly ctl: string | null;
}

const CHOOSING = COMMON_FLAGS.filter(({ name }) => ['--name', '--pid', '--socket'].includes(name));

/** Where tsunicornctl is on a host. */
export const CTL: Flag = {
  name: '--ctl',
  value: 'path',
  doc: 'the tsunicornctl of the hosts; by default what their shell finds',
};

const LINE_FLAGS = [...CHOOSING, CTL];

/** Reads a file of hosts, a line each: `[user@]host[:port] [--name <name>] [--ctl <path>] # comment`. Throws a Failure. */
export function readHosts(path: string): readonly Host[] {
  return parseHosts(path, textOf(path));
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(
      `${path}: cannot read it (${codeOf(error) ?? messageOf(error)}); name a file with a host a line`,
    );
  }
}

/** The same of its text. */
export function parseHosts(path: string, text: string): readonly Host[] {
  const lineOf = new Map<string, number>();
  const hosts = text.split(/\r?\n/).flatMap((line, index) => {
    const place = `${path}:${index + 1}`;
    const words = wordsOf(place, line);
    if (words.length === 0) return [];
    const host = hostOf(place, words);
    const key = JSON.stringify([host.target, host.port, host.choice]);
    const before = lineOf.get(key);
    if (before !== undefined)
      throw wrong(`${place}: ${host.name} stands in line ${before} already; leave one of them out`);
    lineOf.set(key, index + 1);
    return [host];
  });
  if (hosts.length === 0) throw wrong(`${path}: there is no host in it; write a line for each, as user@host`);
  return hosts;
}

/** The words of a line without its comment. */
function wordsOf(place: string, line: string): readonly string[] {
  try {
    return splitArguments(place, line.replace(/(^|\s)#.*$/, ''));
  } catch (error) {
    throw wrong(messageOf(error));
  }
}

function hostOf(place: string, words: readonly string[]): Host {
  const { operands, flags } = flagsOf(place, words);
  const [name, ...more] = operands;
  if (name === undefined) throw wrong(`${place}: the host is missing; write user@host before the options`);
  if (more.length > 0) throw wrong(`${place}: one host a line, got ${operands.join(' ')}`);
  const text = (flag: string) => {
    const value = flags.get(flag);
    return typeof value === 'string' ? value : null;
  };
  return { ...addressOf(place, name), choice: choiceOf(flags), ctl: checkedCtl(place, text(CTL.name)) };
}

function flagsOf(place: string, words: readonly string[]) {
  // ssh would take it for an option. The options of a line stand behind its host.
  if (words[0]?.startsWith('-'))
    throw wrong(`${place}: ${words[0]}: a host does not begin with -; write user@host first`);
  try {
    return readWords(words, LINE_FLAGS);
  } catch (error) {
    throw wrong(`${place}: ${messageOf(error)}`);
  }
}

/** The options that choose a service, as they are given on. */
export function choiceOf(flags: ReadonlyMap<string, string | true>): readonly string[] {
  return CHOOSING.flatMap(({ name }) => {
    const value = flags.get(name);
    return typeof value === 'string' ? [name, value] : [];
  });
}

/** The path of a tsunicornctl. Throws a Failure where ssh would take it for an option. */
export function checkedCtl(source: string, path: string | null): string | null {
  if (path?.startsWith('-'))
    throw wrong(`${source}: ${CTL.name} ${path}: a path does not begin with -; write ./${path}`);
  return path;
}

// What ssh puts into commands of its own (ProxyCommand) must not mean anything to a shell.
const USER = /^\w[\w.+@\\-]*\$?$/;
const HOST = /^[\w.][\w.%-]*$/;
const BRACKETED = /^\[([\w.:][\w.:%-]*)\](?::(.*))?$/;

function addressOf(place: string, name: string): Pick<Host, 'name' | 'target' | 'port'> {
  const at = name.lastIndexOf('@');
  const [user, rest] = [at < 0 ? null : name.slice(0, at), name.slice(at + 1)];
  if (user !== null && !USER.test(user)) throw wrong(`${place}: ${name}: this is no user name: "${user}"`);
  const [, address, bracketPort] = BRACKETED.exec(rest) ?? [];
  const colons = rest.split(':').length - 1;
  if (address === undefined && colons > 1)
    throw wrong(`${place}: ${name}: write an IPv6 address in brackets, as [${rest}] or [::1]:22`);
  const [plain = '', plainPort] = rest.split(':');
  const host = address ?? plain;
  if (address === undefined && !HOST.test(host))
    throw wrong(`${place}: ${name}: this is no host name: "${host}"; write user@host or user@host:port`);
  const port = portOf(place, name, address === undefined ? plainPort : bracketPort);
  return { name, target: user === null ? host : `${user}@${host}`, port };
}

function portOf(place: string, name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw wrong(`${place}: ${name}: expected a port from 1 to 65535 behind the colon, got "${text}"`);
  return port;
}

function wrong(message: string): Failure {
  return new Failure(STATUS.refused, message);
}
