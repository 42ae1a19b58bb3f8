import type { Command } from '../arbiter/events.ts';
import type { AnyRecord } from '../log/records.ts';
import type { Controlled } from './controlled.ts';
import { Refusal, type Route } from './route.ts';

/** Tells the arbiter. Returns what it logged about it; throws a Refusal that says why it does nothing. */
export async function tell(service: Controlled, command: Command): Promise<readonly AnyRecord[]> {
  const records = await service.tell(command);
  const name = command.name === 'hold' ? 'heap' : command.name;
  for (const record of records) {
    const reason = refusalIn(record, name);
    if (reason !== null) throw new Refusal(409, `${name} refused: ${reason}`);
  }
  return records;
}

/** Returns what handles a route that tells the arbiter one thing, and answers with that outcome. */
export function telling(command: Command, outcome: 'begun' | 'done'): Route['handle'] {
  return async (_asked, service) => {
    await tell(service, command);
    return { outcome };
  };
}

/** Why the command of that name was refused. What the arbiter does besides, in the same turn, may be refused too. */
function refusalIn(record: AnyRecord, name: string): string | null {
  switch (record.event) {
    case 'command-refused':
      return record.command === name ? record.reason : null;
    case 'upgrade-refused':
      return name === 'upgrade' ? record.reason : null;
    case 'signal-refused':
      return name === 'heap' ? null : record.reason;
    case 'scaling-limit':
      return name === 'scale' ? record.message : null;
    default:
      return null;
  }
}
