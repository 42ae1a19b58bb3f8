import { setTimeout as pause } from 'node:timers/promises';
import type { Finding } from '../../src/control/doctor/finding.ts';
import type { Staging } from './scenario.ts';
import type { Stage } from './stage.ts';

const LOOK_MS = 200;
/** The page is told of what the doctor finds with the tick after it has looked. */
const PAGE_MS = 3000;

/** What a failure showed. */
export interface Observed {
  /** The line of the log that names it; null where none does. */
  readonly line: string | null;
  /** The line of `tsunicornctl status`; null where nobody answers. */
  readonly finding: Finding | null;
  /** How the command ended, where it did. */
  readonly exit: string | null;
  /** Nobody could be asked, as it ended at its start. */
  readonly neverServed: boolean;
  /** What the page says. */
  readonly page: string | null;
  /** Figures that have changed. */
  readonly metrics: readonly string[];
  /** How long it took until log and status named it. */
  readonly afterMs: number;
}

/** Makes a failure, and waits until log and status name it. Throws where one of them has not within `withinMs`. */
export async function observe(staging: Staging, stage: Stage, withinMs: number): Promise<Observed> {
  // Of what was made before at the same service nothing counts.
  const from = staging.startsNot ? 0 : stage.stderr.length;
  const before = staging.startsNot ? new Map<string, number>() : await figures(stage);
  const first = stage.workers();
  const provoked = staging.provoke(stage);
  // Else that a machine is slow would count as time in which nothing was named.
  if (staging.isDeath) await stage.lost(first);
  const startMs = performance.now();
  const { line, finding } = await named(staging, stage, startMs + withinMs, from);
  const afterMs = Math.round(performance.now() - startMs);
  await provoked;
  const isGone = staging.status === undefined;
  return {
    ...{ line, finding, afterMs, exit: stage.exit, neverServed: staging.startsNot === true },
    page: isGone ? null : await sentence(stage),
    metrics: isGone ? [] : changes(before, await figures(stage)),
  };
}

async function named(staging: Staging, stage: Stage, endMs: number, from: number) {
  for (;;) {
    const line = staging.log === null ? null : lineOf(stage.stderr.slice(from), staging.log);
    const findings = staging.status === undefined ? [] : await stage.findings().catch(() => []);
    const finding = findings.find((one) => isNamed(one, staging)) ?? null;
    const isLogged = staging.log === null || line !== null;
    if (isLogged && (staging.status === undefined || finding !== null)) return { line, finding };
    if (performance.now() > endMs) {
      const unnamed = [
        ...(isLogged ? [] : [`the log (${staging.log})`]),
        ...(finding ? [] : [`status (${staging.status})`]),
      ];
      const said = findings.map(({ severity, check, message }) => `${severity} ${check}: ${message}`);
      throw new Error(
        `${unnamed.join(' and ')} does not name it\n${stage.stderr.slice(from)}\n${said.join('\n')}`,
      );
    }
    await pause(LOOK_MS);
  }
}

function isNamed({ severity, check, message }: Finding, { status }: Staging): boolean {
  return severity !== 'fine' && (status?.test(`${check}: ${message}`) ?? false);
}

/** The first record that has it, with its lines; rather one that is a warning. */
function lineOf(log: string, pattern: RegExp): string | null {
  const records = log.split(/\n(?=\[|tsunicorn: )/).filter((record) => pattern.test(record));
  return records.find((record) => /\[(WARNING|ERROR|CRITICAL)\]/.test(record)) ?? records[0] ?? null;
}

/** What the page says first. */
async function sentence(stage: Stage): Promise<string | null> {
  const endMs = performance.now() + PAGE_MS;
  for (;;) {
    const [, text] = /"sentence":("(?:[^"\\]|\\.)*")/.exec(await stage.admin('/page/stream')) ?? [];
    const said: string | null = text === undefined ? null : JSON.parse(text);
    if (said?.includes(';') || performance.now() > endMs) return said;
    await pause(LOOK_MS);
  }
}

/** What an alert may be made of. */
const TELLING =
  /^tsunicorn_(worker_exits_total|eventloop_blocked_total|reloads_total|upgrades_total|log_lines_lost_total|requests_cut_total|requests_refused_total|workers\{)/;

async function figures(stage: Stage): Promise<ReadonlyMap<string, number>> {
  const body = await stage.admin('/metrics').catch(() => '');
  const lines = body.split('\n').filter((line) => TELLING.test(line));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

function changes(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): readonly string[] {
  return [...after].flatMap(([name, value]) =>
    value > (before.get(name) ?? 0) && !/retired|state="(retiring|booting|spawning|ready)"/.test(name)
      ? [name]
      : [],
  );
}
