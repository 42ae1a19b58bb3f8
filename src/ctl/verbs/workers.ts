import { columns, numberText, timeText, UNKNOWN } from '../output.ts';
import type { Verb } from '../verb.ts';
import { SLOT } from './changes.ts';
import { looks, workerLines } from './status.ts';

/** The workers alone. */
export const workers: Verb = {
  name: 'workers',
  summary: 'a line for each worker',
  async run({ service, json, out, signal }) {
    const client = await service();
    if (json) out.line(JSON.stringify(await client.get('/v1/workers', { signal })));
    else for (const line of workerLines(await looks(client, signal))) out.line(line);
    return 0;
  },
};

interface Request {
  readonly pid: number;
  readonly slot: number | null;
  readonly ageMs: number;
  readonly method: string;
  readonly path: string;
  readonly client: string | null;
  readonly state: string;
  readonly status: number | null;
  readonly bytes: number;
  readonly requestId: string | null;
}

interface Description {
  readonly [key: string]: unknown;
  readonly requests: readonly Request[];
  readonly recent: readonly { readonly time: string; readonly level: string; readonly message: string }[];
}

/** One worker in detail. */
export const describe: Verb = {
  name: 'describe',
  summary: 'one worker: its state and why, its limits, its requests, what was logged of it',
  operands: [SLOT],
  async run({ service, json, out, operands, signal }) {
    const client = await service();
    const slot = encodeURIComponent(operands[0] ?? '');
    const answer = await client.get<Description>(`/v1/workers/${slot}`, { signal });
    if (json) out.line(JSON.stringify(answer));
    else for (const line of described(answer)) out.line(line);
    return 0;
  },
};

function described({ requests, recent, schema: _version, ...facts }: Description): readonly string[] {
  const flat = Object.entries(facts).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([part, inner]) => [`${name}.${part}`, factText(inner)])
      : [[name, factText(value)]],
  );
  return [
    ...columns(['FACT', 'VALUE'], flat),
    '',
    ...requestLines(requests),
    '',
    'Logged of it:',
    ...(recent.length === 0
      ? ['  nothing']
      : recent.map(({ time, level, message }) => `  ${time} ${level} ${message}`)),
  ];
}

function factText(value: unknown): string {
  return value === null || value === undefined ? UNKNOWN : String(value);
}

function requestLines(requests: readonly Request[]): readonly string[] {
  if (requests.length === 0) return ['No request is older than 50 ms.'];
  return columns(
    ['>PID', '>SLOT', '>AGE', 'METHOD', 'PATH', 'CLIENT', 'STATE', '>BYTES', 'ID'],
    requests.map(({ pid, slot, ageMs, method, path, client, state, status, bytes, requestId }) => [
      `${pid}`,
      slot === null ? UNKNOWN : `${slot}`,
      ageMs < 10_000 ? `${numberText(ageMs / 1000)}s` : timeText(ageMs / 1000),
      method,
      path,
      client ?? UNKNOWN,
      status === null ? state : `${state} ${status}`,
      `${bytes}`,
      requestId ?? UNKNOWN,
    ]),
  );
}

/** What is in flight. */
export const requests: Verb = {
  name: 'requests',
  summary: 'the requests in flight, the oldest first',
  doc: 'Those that are older than 50 ms, also where their worker hangs. The query of a path is left out. The client of one that blocks its event loop at once is known only where the access log has it.',
  async run({ service, json, out, signal }) {
    const answer = await (await service()).get<{ readonly requests: readonly Request[] }>('/v1/requests', {
      signal,
    });
    if (json) out.line(JSON.stringify(answer));
    else for (const line of requestLines(answer.requests)) out.line(line);
    return 0;
  },
};
