import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { exitOf, type Processes } from './processes.ts';

/** One run against one server: `failed` counts answers other than 2xx and 3xx, socket errors and timeouts. */
export interface LoadRequest {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Sends `Connection: close`, so that every request needs a connection of its own. */
  readonly close: boolean;
}

export interface LoadResult {
  readonly answered: number;
  readonly seconds: number;
  readonly failed: number;
}

export interface LoadGenerator {
  readonly name: string;
  command(request: LoadRequest): readonly string[];
  /** Reads the generator's standard output. */
  parse(output: string): LoadResult;
}

const units: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Reads the report of wrk 4. */
export function parseWrk(output: string): LoadResult {
  const total = /(\d+) requests in ([\d.]+)(us|ms|s|m|h),/.exec(output);
  if (total === null) throw new Error(`wrk: no total in its report: ${output.trim()}`);
  const errors = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? '0';
  return {
    answered: Number(total[1]),
    seconds: Number(total[2]) * (units[total[3] ?? ''] ?? Number.NaN),
    failed: [...errors, refused].reduce((sum, count) => sum + Number(count), 0),
  };
}

/** Reads the JSON report of autocannon. */
export function parseAutocannon(output: string): LoadResult {
  const report = new Map<string, unknown>(Object.entries(JSON.parse(output)));
  const figure = (field: string): number => {
    const value = report.get(field);
    if (typeof value !== 'number') throw new Error(`autocannon: no ${field} in its report`);
    return value;
  };
  return {
    answered: figure('2xx') + figure('3xx'),
    seconds: figure('duration'),
    // A timeout is among the errors already.
    failed: figure('errors') + figure('4xx') + figure('5xx'),
  };
}

const wrk: LoadGenerator = {
  name: 'wrk',
  command: ({ url, connections, seconds, close }) => [
    'wrk',
    '--threads=1',
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    ...(close ? ['--header', 'Connection: close'] : []),
    url,
  ],
  parse: parseWrk,
};

const autocannon: LoadGenerator = {
  name: 'autocannon',
  command: ({ url, connections, seconds, close }) => [
    process.execPath,
    createRequire(import.meta.url).resolve('autocannon'),
    '--json',
    `--connections=${connections}`,
    `--duration=${seconds}`,
    ...(close ? ['--headers', 'Connection: close'] : []),
    url,
  ],
  parse: parseAutocannon,
};

/** How many requests each connection of HTTP/2 has under way. */
const STREAMS = 10;

/** Reads the report of h2load 1. */
export function parseH2load(output: string): LoadResult {
  const seconds = /finished in ([\d.]+)(us|ms|s|m|h),/.exec(output);
  const counts = /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(output)?.slice(1);
  if (seconds === null || counts === undefined)
    throw new Error(`h2load: no total in its report: ${output.trim()}`);
  const [succeeded = 0, ...others] = counts.map(Number);
  return {
    answered: succeeded,
    seconds: Number(seconds[1]) * (units[seconds[2] ?? ''] ?? Number.NaN),
    // What is errored has failed too.
    failed: Math.max(0, ...others),
  };
}

/** Speaks HTTP/2 without TLS; a tenth of the connections, each with ten streams. */
export const h2load: LoadGenerator = {
  name: 'h2load',
  command: ({ url, connections, seconds }) => [
    'h2load',
    `--clients=${Math.max(1, Math.round(connections / STREAMS))}`,
    `--max-concurrent-streams=${STREAMS}`,
    `--duration=${seconds}`,
    url,
  ],
  parse: parseH2load,
};

/** wrk where it is installed, for it takes the least processor time from the server; else autocannon. */
export function findGenerator(): LoadGenerator {
  return spawnSync(wrk.name, ['--version']).error === undefined ? wrk : autocannon;
}

/** Runs the generator once and waits for its report. */
export async function runLoad(
  generator: LoadGenerator,
  processes: Processes,
  request: LoadRequest,
): Promise<LoadResult> {
  const child = processes.start(generator.command(request));
  const output: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr?.resume();
  const status = await exitOf(child);
  if (status !== 0)
    throw new Error(`${generator.name} ended with status ${status}: ${output.join('').trim()}`);
  return generator.parse(output.join(''));
}
