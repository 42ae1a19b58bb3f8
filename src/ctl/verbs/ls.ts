import { arbiters, findAll } from '../find.ts';
import { columns, timeText, UNKNOWN } from '../output.ts';
import type { Verb } from '../verb.ts';

export const ls: Verb = {
  name: 'ls',
  summary: 'every service of this user on this machine',
  doc: 'Services without a control socket are found by the title of their arbiter. Root sees those of all users.',
  async run({ out, json }) {
    const found = await findAll(process.env);
    const known = new Set(
      found.flatMap(({ status }) => [status.pid, status.arbiters.old, status.arbiters.new]),
    );
    const silent = arbiters().filter(({ pid }) => !known.has(pid));
    const services = [
      ...found.map(({ client, status }) => ({
        name: status.name,
        pid: status.pid,
        phase: status.phase,
        generation: status.generation,
        workers: status.workers,
        uptimeSeconds: status.uptimeSeconds,
        addresses: status.addresses,
        socket: client.path,
      })),
      ...silent.map(({ pid, name }) => ({ name, pid, socket: null })),
    ];
    if (json) out.line(JSON.stringify({ schema: 1, services }));
    else for (const line of table(services)) out.line(line);
    return 0;
  },
};

type Row = {
  readonly name: string | null;
  readonly pid: number;
  readonly phase?: string;
  readonly workers?: { readonly ready: number; readonly wanted: number };
  readonly uptimeSeconds?: number;
  readonly addresses?: readonly string[];
  readonly socket: string | null;
};

function table(services: readonly Row[]): readonly string[] {
  if (services.length === 0) return ['No service of this user runs here.'];
  return columns(
    ['NAME', '>PID', 'STATE', '>WORKERS', '>UPTIME', 'ADDRESSES', 'SOCKET'],
    services.map(({ name, pid, phase, workers, uptimeSeconds, addresses, socket }) => [
      name ?? UNKNOWN,
      `${pid}`,
      phase ?? UNKNOWN,
      workers ? `${workers.ready}/${workers.wanted}` : UNKNOWN,
      timeText(uptimeSeconds),
      addresses?.join(',') || UNKNOWN,
      socket ?? 'none',
    ]),
  );
}
