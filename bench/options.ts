import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

/** What can be measured. */
export const caseNames = [
  'keepalive',
  'close',
  'tls',
  'tls-close',
  'http2',
  'sync',
  'thread',
  'context',
  'static',
  'static-large',
  'thread-cpu',
  'mixed',
] as const;

export type CaseName = (typeof caseNames)[number];

/** What `npm run bench -- …` may be told. */
export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly cases: readonly CaseName[];
  /** Names of candidates; empty means all. */
  readonly only: readonly string[];
  readonly json: string | null;
}

/** A whole number from 1 up, or an error that names the option. */
export function count(option: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Error(`--${option}: "${text}" is not a number; write a whole number from 1 up`);
}

function listed(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

function chosenCases(text: string | undefined): readonly CaseName[] {
  if (text === undefined) return caseNames;
  const asked = listed(text);
  const unknown = asked.find((one) => !caseNames.some((name) => name === one));
  if (unknown !== undefined || asked.length === 0)
    throw new Error(`--case: "${unknown ?? text}" is not a case; write ${caseNames.join(', ')}`);
  return caseNames.filter((name) => asked.includes(name));
}

/** Parses the arguments after the script's name; throws an error of one line where one is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      connections: { type: 'string', default: '64' },
      only: { type: 'string' },
      case: { type: 'string' },
      json: { type: 'string' },
    },
  });
  return {
    rounds: count('rounds', values.rounds),
    seconds: count('seconds', values.seconds),
    connections: count('connections', values.connections),
    cases: chosenCases(values.case),
    only: listed(values.only),
    json: values.json ?? null,
  };
}

/** The items named by `only`, or all; throws where a name is unknown. */
export function choose<T extends { readonly name: string }>(
  items: readonly T[],
  only: readonly string[],
): readonly T[] {
  const known = new Set(items.map((item) => item.name));
  const unknown = only.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new Error(`--only: no candidate is named "${unknown}"; write ${[...known].join(', ')}`);
  }
  return only.length === 0 ? items : items.filter((item) => only.includes(item.name));
}

/** Shows one changing line on stderr where that is a terminal; an empty line clears it. */
export function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** Says on stderr that other work will show in the figures, where the load of the last minute fills half the machine. */
export function warnIfBusy(): void {
  const [load = 0] = loadavg();
  if (load < availableParallelism() / 2) return;
  console.error(`the machine is busy (load average ${load.toFixed(1)}): its figures are not to be relied on`);
}

/** Writes the measurements where a file was asked for. */
export function saveJson(file: string | null, measured: unknown): void {
  if (file !== null) writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
}
