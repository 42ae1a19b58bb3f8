import type { Finding } from '../../control/doctor/finding.ts';
import type { Client, StatusAnswer } from '../client.ts';
import { columns, delayText, numberText, type Output, sizeText, timeText, UNKNOWN } from '../output.ts';
import type { Verb } from '../verb.ts';
import { findingLines, findingsOf } from './doctor.ts';

/** Between the two looks that rates are made of. */
const LOOK_MS = 250;

type Worker = StatusAnswer['processes'][number];

/** The status twice, so that rates can be told; the time between the looks in seconds. */
export interface Looks {
  readonly now: StatusAnswer;
  readonly before: StatusAnswer;
  readonly seconds: number;
}

const HEADINGS = [
  ...['SLOT', '>PID', '>GEN', 'STATE', '>UPTIME', '>REQ/S', '>INFLIGHT', '>CONN', '>CPU', '>RSS', '>HEAP'],
  ...['>LOOP-P99', '>QUEUE'],
];

/** The table of workers, its headings first. */
export function workerLines({ now, before, seconds }: Looks): readonly string[] {
  const earlier = new Map(before.processes.map((worker) => [worker.pid, worker]));
  const rows = now.processes.map((worker) => workerRow(worker, earlier.get(worker.pid), seconds));
  return columns(HEADINGS, rows);
}

function workerRow(worker: Worker, before: Worker | undefined, seconds: number): readonly string[] {
  const {
    slot,
    pid,
    generation,
    state,
    uptimeSeconds,
    inFlight,
    connections,
    rssBytes,
    heapBytes,
    requestsPerSecond,
    loopP99Ms,
    queue,
  } = worker;
  return [
    slot === null ? UNKNOWN : `${slot}`,
    pid === 0 ? UNKNOWN : `${pid}`,
    `${generation}`,
    state,
    timeText(uptimeSeconds),
    numberText(requestsPerSecond),
    numberText(inFlight),
    numberText(connections),
    cpuText(worker, before, seconds),
    sizeText(rssBytes),
    sizeText(heapBytes),
    delayText(loopP99Ms),
    numberText(queue),
  ];
}

function cpuText({ cpuSeconds }: Worker, before: Worker | undefined, seconds: number): string {
  const then = before?.cpuSeconds ?? null;
  return cpuSeconds === null || then === null || seconds <= 0
    ? UNKNOWN
    : `${Math.round(((cpuSeconds - then) / seconds) * 100)}%`;
}

/** Everything on one screen. */
export function statusLines(
  looks: Looks,
  out: Pick<Output, 'style'>,
  findings: readonly Finding[] = [],
): readonly string[] {
  const { now } = looks;
  const wrong = findings.filter(({ severity }) => severity !== 'fine');
  return [
    `${out.style('bold', `tsunicorn ${now.version}`)}${now.name === null ? '' : ` [${now.name}]`}  ${now.phase}, pid ${now.pid}, up ${timeText(now.uptimeSeconds)}`,
    `Generation ${now.generation ?? UNKNOWN}${now.file === null ? '' : `: ${now.file}`}${reloadText(now)}`,
    `Workers    ${now.workers.ready} of ${now.workers.wanted} ready`,
    ...now.waits.map((wait) => out.style('yellow', `Waits      ${wait}`)),
    '',
    ...workerLines(looks),
    '',
    ...(wrong.length === 0 ? [] : [...findingLines(wrong, out), '']),
    ...companionLines(now),
    ...certificateLines(now),
    ...columns(
      ['LISTENER', '>QUEUE', '>LIMIT', '>LONGEST-WAIT'],
      now.listeners.map(({ url, queue, limit, longestWaitMs }) => [
        ...[url, numberText(queue), `${limit}`, delayText(longestWaitMs)],
      ]),
    ),
    '',
    `Deaths in the last hour: ${deathsText(now)}`,
  ];
}

/** A line for each process of a companion, or for one that has none; nothing where there are no companions. */
function companionLines({ companions }: StatusAnswer): readonly string[] {
  if (companions.length === 0) return [];
  const rows = companions.flatMap(({ name, nextRun, processes }) => {
    const next = nextRun ?? UNKNOWN;
    if (processes.length === 0)
      return [[name, UNKNOWN, UNKNOWN, nextRun === null ? 'not running' : 'waits', next]];
    return processes.map(({ index, pid, generation, state }) => [
      ...[
        processes.length === 1 ? name : `${name} ${index}`,
        pid === 0 ? UNKNOWN : `${pid}`,
        `${generation}`,
      ],
      ...[state, next],
    ]);
  });
  return [...columns(['COMPANION', '>PID', '>GEN', 'STATE', 'NEXT RUN'], rows), ''];
}

/** A line for each certificate; nothing where no client speaks TLS. */
function certificateLines({ certificates = [] }: Partial<StatusAnswer>): readonly string[] {
  if (certificates.length === 0) return [];
  const rows = certificates.map(({ file, names, validUntil, daysLeft, remark }) => [
    ...[names[0] ?? UNKNOWN, `${daysLeft}`, validUntil.slice(0, 10), file, remark ?? ''],
  ]);
  return [...columns(['CERTIFICATE', '>DAYS', 'UNTIL', 'FILE', ''], rows), ''];
}

function reloadText({ reload }: StatusAnswer): string {
  if (reload.last === null) return '';
  const { outcome, reason, time } = reload.last;
  return `\nReload     the last one was ${outcome} at ${time}${reason === null ? '' : `: ${reason}`}`;
}

function deathsText({ deathsLastHour }: StatusAnswer): string {
  const causes = Object.entries(deathsLastHour).map(([cause, count]) => `${cause} ${count}`);
  return causes.length === 0 ? 'none' : causes.join(', ');
}

export const status: Verb = {
  name: 'status',
  summary: 'the service on one screen',
  doc: 'Below the workers is what `tsunicornctl doctor` finds wrong. REQ/S and LOOP-P99 are of the last five seconds; LOOP-P99 is how late timers fired, or for how long a loop is blocked. QUEUE is what waits for one worker alone: requests for its threads, connections at the sockets of its slot. `-` stands for what is not known.',
  async run({ service, json, out, signal }) {
    const client = await service();
    if (json) {
      out.line(JSON.stringify(await client.status({ signal })));
      return 0;
    }
    const seen = await looks(client, signal);
    // An arbiter of an older version does not know what is wrong with it.
    const findings = await findingsOf(client, signal).catch(() => []);
    for (const line of statusLines(seen, out, findings)) out.line(line);
    return 0;
  },
};

/** Two looks at the service, a moment apart. */
export async function looks(client: Client, signal: AbortSignal): Promise<Looks> {
  const before = await client.status({ signal });
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const now = await client.status({ signal });
  return { now, before, seconds: (performance.now() - startMs) / 1000 };
}
