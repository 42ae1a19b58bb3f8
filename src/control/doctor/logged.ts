import type { RecordOf } from '../../log/records.ts';
import type { LogLevel } from '../../support/logger.ts';
import { counted, withoutQuery } from '../../support/text.ts';
import { type Check, errorsOf, type Finding, fine, type Patient } from './finding.ts';
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
    message:
      record.event === 'loop-blocked' ? `slot ${record.worker.slot}: ${seenText(record)}` : record.message,
  }));
  const recent = service.journal.recent.flatMap((record): Said[] => {
    const { level, event, time } = record;
    if (!LASTING.has(event) || nowMs - time.getTime() >= RECENT_MS) return [];
    return [{ level, event, message: event === 'worker-stalled' ? seenText(record) : record.message }];
  });
  return [...lasting, ...recent];
}

/** With the request and the place, which the log has below its line. */
function seenText({
  message,
  requests,
  stack,
}: Pick<RecordOf<'worker-stalled'>, 'message' | 'requests' | 'stack'>): string {
  const [frame] = stack ?? [];
  const request = requests?.[0] as { readonly method?: string; readonly path?: string } | undefined;
  return [
    message,
    ...(request?.method === undefined ? [] : [`in ${request.method} ${withoutQuery(request.path ?? '')}`]),
    ...(frame === undefined ? [] : [String(frame).trim()]),
  ].join(' ');
}

function placeText({ request, stack }: { readonly request?: string; readonly stack?: string }): string {
  const [frame = ''] = (stack ?? '').split('\n', 1);
  return `${request === undefined ? '' : ` in ${request}`}${/^\s*at /.test(frame) ? ` ${frame.trim()}` : ''}`;
}

function ofWorkers({ status, logged }: Patient): readonly Said[] {
  const living = new Set(status.processes.map(({ pid }) => pid));
  const last = new Map<string, Said & { readonly phase: string; readonly where: string }>();
  for (const line of logged()) {
    if (!('message' in line) || line.event === undefined || line.phase === undefined) continue;
    const { pid, slot, level, event, phase } = line;
    // Each thread of a worker is blocked by itself.
    const [thread = ''] = /^Thread \d+/.exec(line.message) ?? [];
    const key = `${pid} ${event} ${thread}`;
    const before = last.get(key);
    // What it began with has the request and the place.
    const where = placeText(line) || (phase === 'lasts' ? (before?.where ?? '') : '');
    const message = `${event === 'loop-blocked' && slot !== null ? `slot ${slot}: ` : ''}${line.message}${where}`;
    if (living.has(pid)) last.set(key, { level, message, event, phase, where });
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
export const failures: Check = ({ logged, nowMs }) => {
  const failed = errorsOf({ logged }).filter(
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

/** So many ends are no accident. */
const AGAIN = 3;

/** Threads of class thread that ended: their workers live, so that no death tells of it. */
export const threads: Check = ({ logged, nowMs }) => {
  const ended = errorsOf({ logged }).flatMap((line) =>
    'message' in line && line.event === 'thread-ended' && nowMs - new Date(line.time).getTime() < RECENT_MS
      ? [line]
      : [],
  );
  const last = ended.toSorted((one, other) => (one.time < other.time ? -1 : 1)).at(-1);
  if (last === undefined) return [];
  const [error = ''] = (last.stack ?? '').split('\n', 1);
  const often = ended.length >= AGAIN ? 'threads end again and again: ' : '';
  return [
    {
      check: 'threads',
      severity: ended.length >= AGAIN ? 'critical' : 'warning',
      message: `${often}${ended.length} in the last 10 minutes; the last: ${last.message}${error === '' ? '' : `: ${error}`}`,
      cure: 'tsunicornctl logs --level error has the stacks; the requests of such a thread get 502',
    },
  ];
};

/** Requests that class thread has ended for their time: their worker lives, so that no death tells of it. */
export const timeouts: Check = ({ logged, nowMs }) => {
  const ended = errorsOf({ logged }).flatMap((line) =>
    'message' in line && line.event === 'request-timeout' && nowMs - new Date(line.time).getTime() < RECENT_MS
      ? [line]
      : [],
  );
  const last = ended.toSorted((one, other) => (one.time < other.time ? -1 : 1)).at(-1);
  if (last === undefined) return [];
  return [
    {
      check: 'timeouts',
      severity: 'warning',
      message: `${counted(ended.length, 'request')} ran for longer than they may (--timeout, --request-timeout) in the last 10 minutes; the last: ${last.message}`,
      cure: 'the stack is in the log: tsunicornctl logs --level error; raise the limit only if that work must be',
    },
  ];
};
