import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { join } from 'node:path';
import { type SectionName, sectionNames } from '../figure.ts';
import { lostInPlanned, verdicts } from '../goals.ts';
import type { Finished } from '../store.ts';
import type { Subject } from '../subject.ts';
import { readHistory, regressions, runOf } from './history.ts';
import { htmlReport } from './html.ts';
import { markdownReport } from './markdown.ts';
import type { Report, ReportSection } from './model.ts';
import { byGroup, tableOf } from './text.ts';

const ABOUT: Readonly<Record<SectionName, readonly [name: string, about: string]>> = {
  failures: [
    'Failures under operations',
    'Two clients of each kind ask all the time while the operation is done. Failed: no whole answer came. Not finished in time: the operation did not come to its end. Refused: the connection was. Told to connect anew: an answer with Connection: close before the rest of a pipeline, code 1001 to a WebSocket, or an orderly end of a stream of events, after which an EventSource connects anew by itself. “The log names the cause” is 1 where it does.',
  ],
  tail: [
    'The tail',
    'Requests are due 200 times a second, whatever becomes of those before; a latency counts from when its request was due, so that coordinated omission hides nothing. Calm is the same load just before. Percentiles are of what was answered.',
  ],
  cost: [
    'Cost',
    'Interleaved rounds with 64 connections; every candidate lives through all of them. Processor time is that of the whole process tree, user and system.',
  ],
  growth: ['Growth', 'tsunicorn with more and more of one thing.'],
};

function machineText(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return `${availableParallelism()} processors (${model.trim()}), Linux ${release()}, Node ${process.versions.node}`;
}

function whenText(finished: readonly Finished[]): string {
  const times = finished.map(({ at }) => at).toSorted();
  const loads = finished.flatMap(({ load }) => load);
  const [low, high] = [Math.min(...loads), Math.max(...loads)];
  return `Commit ${commitOf(finished)}, measured from ${times[0]} to ${times.at(-1)} at load averages from ${low.toFixed(1)} to ${high.toFixed(1)}`;
}

function sectionsOf(finished: readonly Finished[]): readonly ReportSection[] {
  return sectionNames.flatMap((name) => {
    const figures = finished.filter(({ section }) => section === name).flatMap((one) => one.figures);
    if (figures.length === 0) return [];
    const [title, about] = ABOUT[name];
    const tables = [...byGroup(figures)].map(([group, some]) => tableOf(group, some));
    return [{ name: title, about, tables, figures }];
  });
}

/** The rest is what a server wrote, which is not for a table. */
function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** What was measured: one commit, or several where the pieces of it are not of the same. */
function commitOf(finished: readonly Finished[]): string {
  return [...new Set(finished.map(({ commit }) => commit))].join(', ');
}

/** Writes the report, and says what regressed and what was lost; returns how much was lost in planned operations. */
export function writeReport(
  finished: readonly Finished[],
  subjects: readonly Subject[],
  out: string,
  quick: boolean,
): number {
  if (finished.length === 0) throw new Error('nothing has been measured yet');
  const figures = finished.flatMap((one) => one.figures);
  const judged = verdicts(figures);
  const before = readHistory(join(out, 'history.json'));
  const run = runOf(new Date().toISOString(), commitOf(finished), machineText(), judged);
  const last = before.findLast(({ machine }) => machine === run.machine);
  for (const line of last === undefined ? [] : regressions(last, run)) console.error(`REGRESSED: ${line}`);
  const lost = lostInPlanned(figures);
  for (const { group, subject, metric, values } of lost)
    console.error(`LOST: ${group}, ${subject}: ${metric} ${values.join(', ')}`);
  const history = [...before.filter(({ commit }) => commit !== run.commit), run];
  const report: Report = {
    machine: machineText(),
    when: whenText(finished),
    verdicts: judged,
    subjects,
    sections: sectionsOf(finished),
    leftOut: finished.flatMap((one) => one.leftOut.map(firstLine)),
    history,
  };
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'README.md'), markdownReport(report));
  writeFileSync(join(out, 'report.html'), htmlReport(report));
  writeFileSync(join(out, 'history.json'), `${JSON.stringify(history, null, 2)}\n`);
  if (!quick) console.error(`Written: ${out}`);
  for (const { what, measured, goal, judgement } of judged)
    console.log(
      `${judgement}: ${what} ${measured.median.toFixed(2)} (${measured.low.toFixed(2)}–${measured.high.toFixed(2)}), ${goal}`,
    );
  return lost.length;
}
