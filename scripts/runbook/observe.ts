import type { Finding } from '../../src/control/doctor/finding.ts';
import { open, type Scenario } from './scenarios.ts';
import type { Stage } from './stage.ts';

/** A person who is paged looks within that time. */
const WITHIN_MS = 5000;
const LOOK_MS = 200;

/** What a failure showed. */
export interface Observed {
  /** The line of the log that names it; null where none does. */
  readonly line: string | null;
  /** The line of `tsunicornctl status`; null where nobody answers. */
  readonly finding: Finding | null;
  /** How the command ended, where it did. */
  readonly exit: string | null;
  /** What the page says. */
  readonly page: string | null;
  /** Figures that have changed. */
  readonly metrics: readonly string[];
  /** How long it took until log and status named it. */
  readonly afterMs: number;
}

/** Makes a failure, and waits until log and status name it. Throws where one of them has not within `withinMs`. */
export async function observe(scenario: Scenario, withinMs = WITHIN_MS): Promise<Observed> {
  const stage = await open(scenario);
  try {
    const before = scenario.startsNot ? new Map<string, number>() : await figures(stage);
    const startMs = performance.now();
    const provoked = scenario.provoke(stage);
    const { line, finding } = await named(scenario, stage, startMs + withinMs);
    const afterMs = Math.round(performance.now() - startMs);
    await provoked;
    const isGone = scenario.status === undefined;
    return {
      ...{ line, finding, afterMs, exit: stage.exit },
      page: isGone ? null : await sentence(stage),
      metrics: isGone ? [] : changes(before, await figures(stage)),
    };
  } finally {
    await stage.close();
  }
}

async function named(scenario: Scenario, stage: Stage, endMs: number) {
  for (;;) {
    const line = scenario.log === null ? null : lineOf(stage.stderr, scenario.log);
    const findings = scenario.status === undefined ? [] : await stage.findings().catch(() => []);
    const finding = findings.find((one) => isNamed(one, scenario)) ?? null;
    const isLogged = scenario.log === null || line !== null;
    if (isLogged && (scenario.status === undefined || finding !== null)) return { line, finding };
    if (performance.now() > endMs)
      throw new Error(
        `${scenario.title}: ${isLogged ? 'status' : 'the log'} does not name it\n${stage.stderr}\n${findings.map(({ severity, check, message }) => `${severity} ${check}: ${message}`).join('\n')}`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function isNamed({ severity, check, message }: Finding, { status }: Scenario): boolean {
  return severity !== 'fine' && (status?.test(`${check}: ${message}`) ?? false);
}

/** The first record that has it, with its lines; rather one that is a warning. */
function lineOf(log: string, pattern: RegExp): string | null {
  const records = log.split(/\n(?=\[|tsunicorn: )/).filter((record) => pattern.test(record));
  return records.find((record) => /\[(WARNING|ERROR|CRITICAL)\]/.test(record)) ?? records[0] ?? null;
}

async function sentence(stage: Stage): Promise<string | null> {
  const [, text] = /"sentence":("(?:[^"\\]|\\.)*")/.exec(await stage.admin('/page/stream')) ?? [];
  return text === undefined ? null : JSON.parse(text);
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
    value > (before.get(name) ?? 0) && !/retired|state="retiring"/.test(name) ? [name] : [],
  );
}
