import type { ArbiterMessage, WorkerMessage } from './messages.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const having =
  (fields: Fields): Check =>
  (value) =>
    isObject(value) && hasFields(value, fields);

const isTextTable: Check = (value) => isObject(value) && Object.values(value).every(isText);

type Fields = Readonly<Record<string, Check>>;

const isInstigator: Check = (value) => value === 'itself' || value === 'signal';
const isRole: Check = (value) => value === 'main' || value === 'side';
const isFlag: Check = (value) => typeof value === 'boolean';
const everyOne =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const progress = { id: isNumber, status: isNumber, ended: isFlag, bytes: isNumber };
const isFlight = having({
  ...progress,
  ...{ method: isText, url: isText, cut: isFlag, remote: isText, protocol: isText, startedMs: isNumber },
  ...{ requestId: isText, traceId: isText },
});
const tags = { requestId: optional(isText), traceId: optional(isText) };
const isWaiting = having({ method: isText, path: isText, ageMs: isNumber, ...tags });
const blockSeen = { stack: orNull(isTexts), requests: everyOne(isWaiting), waiting: isNumber };
const isSeries: Check = (value) =>
  Array.isArray(value) && value.length === 2 && isTexts(value[0]) && everyOne(isNumber)(value[1]);
const MEASURE_TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);
const isMeasure = having({
  name: isText,
  type: (value) => MEASURE_TYPES.has(value as string),
  help: isText,
  labels: isTexts,
  bounds: everyOne(isNumber),
  series: everyOne(isSeries),
});
const isRequests: Check = (value) => Array.isArray(value) && value.every(isObject);

/** What the arbiter relies on in each message: whatever runs in a worker can write to the channel. */
const OF_WORKERS: Readonly<Record<WorkerMessage['tsunicorn'], Fields>> = {
  hello: {},
  standby: {},
  ready: { urls: isTexts, app: optional(isText) },
  heartbeat: { load: optional(having({ utilisation: isNumber, inFlight: isNumber })) },
  bootFailed: {
    exitStatus: Number.isInteger,
    message: isText,
    stack: optional(isText),
    place: optional(having({ lines: isTexts })),
  },
  loaded: { files: isTexts, missing: isTexts, atMs: isNumber },
  code: { entry: isText, hash: isText, files: (value) => value === null || isTextTable(value) },
  outgoing: { reason: isText, by: isInstigator },
  leaving: { reason: isText, by: isInstigator },
  stalled: {
    blockedMs: isNumber,
    limit: isText,
    accessComplete: isFlag,
    seen: having({
      stack: orNull(isTexts),
      unseen: optional(isFlag),
      requests: isRequests,
      omitted: isNumber,
      unread: isNumber,
    }),
  },
  blocked: { blockedMs: isNumber, seen: orNull(having(blockSeen)) },
  unblocked: { blockedMs: isNumber },
  drained: {},
  memory: { rssBytes: isNumber, heapBytes: isNumber, heapLimitBytes: orNull(isNumber) },
  ending: {
    call: isText,
    place: orNull(having({ file: isText, line: isNumber, column: orNull(isNumber) })),
    requests: everyOne(isWaiting),
    waiting: isNumber,
  },
  loading: {},
  debugged: {},
  flights: { began: everyOne(isFlight), changed: everyOne(having(progress)), over: everyOne(isNumber) },
  accessLines: { lines: isTexts },
  accounted: { complete: isFlag },
  counts: { values: everyOne(isNumber) },
  measured: {
    measured: having({
      measures: everyOne(isMeasure),
      failing: isTextTable,
      folded: isNumber,
      checks: optional(isNumber),
    }),
  },
  inspected: { id: isNumber, end: isText, text: isText },
  bound: { place: isText, url: isText, role: isRole },
  took: { place: isText, role: isRole },
  released: { place: isText },
  wanted: { place: isText, port: orNull(isNumber), id: isNumber },
};

/** The arbiter is trusted: that a message is one of its own is all that is checked. */
const OF_THE_ARBITER: Readonly<Record<ArbiterMessage['tsunicorn'], true>> = {
  boot: true,
  accept: true,
  linger: true,
  retire: true,
  quit: true,
  reopenLogs: true,
  logLevel: true,
  socket: true,
  inspect: true,
  stopInspecting: true,
  hold: true,
  follow: true,
  certificates: true,
  ticketKeys: true,
};

/** Whether a message on the channel is a worker's; applications send messages of their own (`process.send('ready')`). */
export function isWorkerMessage(value: unknown): value is WorkerMessage {
  const type = typeOf(value);
  return isIn(OF_WORKERS, type) && having(OF_WORKERS[type])(value);
}

/** Whether a message on the channel is the arbiter's. */
export function isArbiterMessage(value: unknown): value is ArbiterMessage {
  return isIn(OF_THE_ARBITER, typeOf(value));
}

function hasFields(value: object, fields: Fields): boolean {
  return Object.entries(fields).every(([name, check]) => check(Reflect.get(value, name)));
}

function typeOf(value: unknown): string {
  if (!isObject(value) || !('tsunicorn' in value)) return '';
  return typeof value.tsunicorn === 'string' ? value.tsunicorn : '';
}

function isIn<Table extends object>(table: Table, name: PropertyKey): name is keyof Table {
  return Object.hasOwn(table, name);
}
