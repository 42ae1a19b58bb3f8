import { splitArguments } from '../../settings/sources/split-arguments.ts';
import { messageOf } from '../../support/errors.ts';
import { escapeControls } from '../../support/text.ts';
import { Failure, STATUS } from '../failure.ts';
import { columns, numberText, UNKNOWN } from '../output.ts';
import { CTL, checkedCtl, choiceOf, type Host, readHosts } from '../roll/hosts.ts';
import { type Rolled, type RollOptions, rehearse, roll as rollHosts } from '../roll/roll.ts';
import { SSH, sshRun } from '../roll/ssh.ts';
import { MAX_ERRORS, MAX_P99, MOST_MS, p99Text, percentText, thresholdsOf } from '../roll/thresholds.ts';
import type { Call, Flag, Verb } from '../verb.ts';

const DEFAULTS = { window: '10', timeout: '300', ctl: 'tsunicornctl' } as const;
const MOST_SECONDS = 86_400;

const UPGRADE: Flag = { name: '--upgrade', doc: '`upgrade --finish` in place of `reload`' };
const WINDOW: Flag = {
  name: '--window',
  value: 'seconds',
  doc: `how long each host is watched before the next one; ${DEFAULTS.window} by default`,
};
const TIMEOUT: Flag = {
  name: '--timeout',
  short: '-t',
  value: 'seconds',
  doc: `how long a host may take to be changed and to serve; ${DEFAULTS.timeout} by default`,
};
const SSH_FLAG: Flag = {
  name: '--ssh',
  value: 'command',
  doc: `what is run in place of \`${SSH.join(' ')}\`; \`-p port\`, the host and one word for its shell follow`,
};
const DRY_RUN: Flag = { name: '--dry-run', doc: 'ask each host whether it serves, and change nothing' };

/** One machine after the other. */
export const roll: Verb = {
  name: 'roll',
  summary: 'reload or upgrade the services of several hosts, one host after the other',
  doc: 'Over `ssh` it runs the `tsunicornctl` of each host. A host has to serve before it is touched. It is reloaded with `--wait`; then it has to serve with all its workers, and for the window its share of failed requests and its p99 have to stay within the thresholds. At the first host that does not, the roll stops and says why: the hosts behind it are untouched. The file has a line a host: `user@host:port`, then `--name`, `--pid`, `--socket` or `--ctl` where they differ from those of the command, and comments after `#`. Ctrl-C stops it, and says how it is with each host. [How to run several machines](fleet.md).',
  operands: [
    { name: 'HOSTS', doc: 'a file with a host a line, as `deploy@web1:22 --name shop`', offers: 'files' },
  ],
  flags: [UPGRADE, WINDOW, MAX_ERRORS, MAX_P99, TIMEOUT, CTL, SSH_FLAG, DRY_RUN],
  exits: [
    { status: STATUS.undone, doc: 'undone on a host: what served before keeps serving there' },
    { status: STATUS.timedOut, doc: 'a host was not changed, or did not serve, in time' },
    { status: STATUS.critical, doc: 'a host does not serve, or not within the thresholds' },
    { status: STATUS.interrupted, doc: 'interrupted by Ctrl-C' },
  ],
  async run(call) {
    const options = optionsOf(call);
    const isRehearsal = call.flags.has(DRY_RUN.name);
    const rolled = await (isRehearsal ? rehearse(options) : rollHosts(options));
    report(call, rolled, isRehearsal);
    return rolled.status;
  },
};

function optionsOf({ operands: [path = ''], flags, out, signal }: Call): RollOptions {
  const text = ({ name }: Flag) => {
    const value = flags.get(name);
    return typeof value === 'string' ? value : null;
  };
  const timeout = secondsOf(TIMEOUT, text(TIMEOUT) ?? DEFAULTS.timeout);
  const ctl = checkedCtl('roll', text(CTL)) ?? DEFAULTS.ctl;
  const words = flags.has(UPGRADE.name) ? ['upgrade', '--finish'] : ['reload'];
  return {
    hosts: readHosts(path).map(chosenBy(choiceOf(flags))),
    change: [...words, '--wait', '--timeout', `${timeout}`],
    thresholds: thresholdsOf(flags),
    windowMs: secondsOf(WINDOW, text(WINDOW) ?? DEFAULTS.window) * 1000,
    timeoutMs: timeout * 1000,
    run: sshRun(sshOf(text(SSH_FLAG)), ctl),
    signal,
    note: out.note,
    pause: pauseFor,
    nowMs: () => performance.now(),
  };
}

/** The options of the command hold where a line has none. */
function chosenBy(choice: readonly string[]): (host: Host) => Host {
  return (host) => (host.choice.length > 0 ? host : { ...host, choice });
}

function sshOf(command: string | null): readonly string[] {
  if (command === null) return SSH;
  try {
    const words = splitArguments(SSH_FLAG.name, command);
    if (words.length > 0) return words;
  } catch (error) {
    throw new Failure(STATUS.refused, messageOf(error));
  }
  throw new Failure(STATUS.refused, `${SSH_FLAG.name}: there is no command in it`);
}

function secondsOf({ name }: Flag, given: string): number {
  const seconds = given.trim() === '' ? Number.NaN : Number(given);
  if (seconds > 0 && seconds <= MOST_SECONDS) return seconds;
  throw new Failure(
    STATUS.refused,
    `${name}: expected a number of seconds above 0 and up to ${MOST_SECONDS}, got "${given}"`,
  );
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await process.getBuiltinModule('node:timers/promises').setTimeout(ms, undefined, { signal });
}

function report({ out, json }: Call, { outcome, rows }: Rolled, isRehearsal: boolean): void {
  const stopped = rows.find(({ reason }) => reason !== null);
  if (json) {
    const hosts = rows.map(({ host, measured, ...row }) => ({
      host: host.name,
      ...row,
      ...figuresOf(measured),
    }));
    out.line(JSON.stringify({ schema: 1, outcome, reason: stopped?.reason ?? null, hosts }));
  } else for (const line of table(rows)) out.line(line);
  if (outcome === 'interrupted') return out.note('interrupted');
  if (stopped === undefined) return;
  const verb = isRehearsal ? 'cannot begin' : 'stopped';
  out.note(`${verb}: ${stopped.host.name}: ${escapeControls(stopped.reason ?? '')}`);
}

function figuresOf(measured: Rolled['rows'][number]['measured']) {
  const { requests = null, errorRate = null, p99Ms = null } = measured ?? {};
  // JSON has no Infinity.
  return { requests, errorRate, p99Ms: p99Ms === null ? null : Math.min(p99Ms, MOST_MS) };
}

function table(rows: Rolled['rows']): readonly string[] {
  return columns(
    ['HOST', 'STATE', '>GEN', '>REQUESTS', '>FAILED', '>P99', ''],
    rows.map(({ host, state, generation, measured, reason }) => [
      host.name,
      state,
      numberText(generation),
      numberText(measured?.requests),
      percentText(measured?.errorRate ?? null),
      measured === null ? UNKNOWN : p99Text(measured.p99Ms),
      reason ?? '',
    ]),
  );
}
