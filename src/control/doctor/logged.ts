import type { RecordOf } from '../../log/records.ts';
import type { LogLevel } from '../../support/logger.ts';
import { withoutQuery } from '../../support/text.ts';
import { WorkerLogs } from '../worker-logs.ts';
import { type Check, type Finding, fine, type Patient } from './finding.ts';
import { present } from './serving.ts';

const RECENT_MS = 600_000;
/** Said of a moment, and true for longer. */
const LASTING = new Set([
  ...['code-mixed', 'recycling-held-back', 'recycling-overdue', 'worker-stalled', 'boot-blocked'],
  ...['upgrade-failed', 'upgrade-refused', 'reload-ineffective', 'watchdog-failed', 'control-off'],
]);
/** Found by a look of their own. */
const OWN_LOOK = new Set(['worker-exited', 'nobody-serves', 'worker-stopped']);

interface Said {
  readonly level: LogLevel;
  readonly message: string;
  readonly event: string;
}

/** What the log says that lasts: of the arbiter, and of each worker that lives. */
export const conditions: Check = (patient) => {
  const said = [...ofArbiter(patient), ...ofWorkers(patient)].filter(({ event }) => !OWN_LOOK.has(event));
  // The same of many workers is one.
  const byEvent = Map.groupBy(said, ({ event }) => event);
  const found = [...byEvent.values()].flatMap((all): Finding[] => {
    const last = all.at(-1);
    if (last === undefined) return [];
    const more = all.length > 1 ? ` (and ${all.length - 1} more like this)` : '';
    return [
      {
        check: last.event,
        severity: last.level === 'info' ? 'notice' : 'warning',
        message: `${last.message}${more}`,
        cure: CURES[last.event] ?? null,
      },
    ];
  });
  return found.length === 0 ? fine('log', 'it says of nothing that it lasts') : found;
};

function ofArbiter({ service, nowMs }: Patient): readonly Said[] {
  const lasting = present(service.journal.recent).map(({ record }) => ({
    ...{ level: record.level, event: record.event },
    message: record.event === 'loop-blocked' ? blockText(record) : record.message,
  }));
  const recent = service.journal.recent.filter(
    ({ event, time }) => LASTING.has(event) && nowMs - time.getTime() < RECENT_MS,
  );
  return [...lasting, ...recent];
}

/** With the request and the place, which the log has below its line. */
function blockText({ message, worker, requests, stack }: RecordOf<'loop-blocked'>): string {
  const [frame] = stack ?? [];
  const request = requests?.[0] as { readonly method?: string; readonly path?: string } | undefined;
  return [
    `slot ${worker.slot}: ${message}`,
    ...(request?.method === undefined ? [] : [`in ${request.method} ${withoutQuery(request.path ?? '')}`]),
    ...(frame === undefined ? [] : [String(frame).trim()]),
  ].join(' ');
}

function ofWorkers({ service, status }: Patient): readonly Said[] {
  const living = new Set(status.processes.map(({ pid }) => pid));
  const lines = new WorkerLogs(service, { level: 'info', access: false }).recent();
  const last = new Map<string, Said & { readonly phase: string }>();
  for (const line of lines) {
    if (!('message' in line) || line.event === undefined || line.phase === undefined) continue;
    const { pid, level, message, event, phase } = line;
    if (living.has(pid)) last.set(`${pid} ${event}`, { level, message, event, phase });
  }
  return [...last.values()].filter(({ phase }) => phase !== 'ends');
}

const CURES: Readonly<Record<string, string>> = {
  'loop-blocked': 'tsunicornctl stack SLOT shows where; tsunicornctl profile SLOT what it does',
  'worker-stalled': 'the stack in the log is the place; the cure is in the application',
  'log-unwritable': 'df; then the reader of the pipe, if the log is one',
  'log-not-reopened': 'mend the file, then tsunicornctl reopen',
  'open-files-full': 'raise the limit (ulimit -n, LimitNOFILE= in a unit), or find what is not closed',
  'connections-full': 'tsunicornctl requests; --worker-connections, or more workers',
  'code-mixed': 'tsunicornctl reload --wait',
  'recycling-held-back': 'raise --max-memory or --max-requests',
};

/** What the applications of the workers threw of late. */
export const failures: Check = ({ service, nowMs }) => {
  const lines = new WorkerLogs(service, { level: 'error', access: false }).recent();
  const failed = lines.filter(
    (line) =>
      'event' in line &&
      line.event === 'application-failed' &&
      nowMs - new Date(line.time).getTime() < RECENT_MS,
  );
  const last = failed.at(-1);
  if (last === undefined || !('message' in last)) return [];
  return [
    {
      check: 'application',
      severity: 'notice',
      message: `${failed.length === 1 ? 'a request' : `${failed.length} requests`} failed in the last 10 minutes; the last: ${last.message}`,
      cure: 'tsunicornctl logs --level error has the stacks',
    },
  ];
};
