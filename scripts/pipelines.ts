import { FIELD_DOCS, type FieldName } from '../src/log/records/record.ts';

interface Terms {
  readonly ecs: string;
  readonly otel: string;
}

const same = (name: string): Terms => ({ ecs: name, otel: name });

/** What every record has. */
const COMMON: Readonly<Record<string, Terms>> = {
  time: { ecs: '@timestamp', otel: 'Timestamp' },
  level: { ecs: 'log.level', otel: 'SeverityText; SeverityNumber 5, 9, 13, 17, 21 from debug to critical' },
  msg: { ecs: 'message', otel: 'Body' },
  event: { ecs: 'event.action', otel: 'EventName, as tsunicorn.…' },
  pid: same('process.pid'),
  'err.type': { ecs: 'error.type', otel: 'exception.type' },
  'err.message': { ecs: 'error.message', otel: 'exception.message' },
  'err.stack': { ecs: 'error.stack_trace', otel: 'exception.stacktrace' },
  requestId: { ecs: 'http.request.id', otel: 'tsunicorn.request_id' },
  traceId: { ecs: 'trace.id', otel: 'TraceId' },
};

/** The fields that both vocabularies have a name for; every other is `tsunicorn.` and its own name. */
const NAMED: Partial<Readonly<Record<FieldName, Terms>>> = {
  client: same('client.address'),
  durationMs: { ecs: 'event.duration, in ns', otel: 'tsunicorn.duration_ms' },
  reason: { ecs: 'event.reason', otel: 'tsunicorn.reason' },
  exitStatus: { ecs: 'process.exit_code', otel: 'process.exit.code' },
  file: { ecs: 'file.path', otel: 'file.path' },
  bytes: { ecs: 'file.size', otel: 'file.size' },
  error: { ecs: 'error.code', otel: 'error.type' },
  threadId: { ecs: 'process.thread.id', otel: 'thread.id' },
  request: {
    ecs: 'http.request.method, url.path',
    otel: 'http.request.method, url.path',
  },
  place: {
    ecs: 'log.origin.file.name, log.origin.file.line',
    otel: 'code.file.path, code.line.number, code.column.number',
  },
  stack: { ecs: 'tsunicorn.stack', otel: 'code.stacktrace' },
};

/** The part of docs/log-records.md for those who feed the records to a store with names of its own. */
export function renderPipelines(): string {
  const fields = (Object.keys(FIELD_DOCS) as FieldName[]).map((name): readonly [string, Terms] => [
    name,
    NAMED[name] ?? same(`tsunicorn.${snake(name)}`),
  ]);
  const rows = [...Object.entries(COMMON), ...fields].map(
    ([name, { ecs, otel }]) => `| \`${name}\` | ${quoted(ecs)} | ${quoted(otel)} |\n`,
  );
  return `${HEAD}${rows.join('')}`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The names in code, what is said about them outside. */
function quoted(terms: string): string {
  return terms.replace(/[@\w.]+(?=$|,|;)/g, (name) =>
    /^(?:in|\d+|ns|critical)$/.test(name) ? name : `\`${name}\``,
  );
}

const HEAD = `
## In other vocabularies

For pipelines that rename: the fields in the terms of the Elastic Common Schema and of OpenTelemetry's log data model with its
semantic conventions. What neither has a name for is in the namespace \`tsunicorn.\`

| field | ECS | OpenTelemetry |
| --- | --- | --- |
`;
