import type { Command } from '../arbiter/events.ts';
import type { AnyRecord } from '../log/records.ts';
import type { Controlled } from './controlled.ts';
import { Refusal } from './route.ts';

/** Tells the arbiter. Returns what it logged about it; throws a Refusal that says why it does nothing. */
export async function tell(service: Controlled, command: Command): Promise<readonly AnyRecord[]> {
  const records = await service.tell(command);
  for (const record of records) {
    const reason = refusalIn(record);
    if (reason !== null)
      throw new Refusal(409, `${command.name === 'hold' ? 'heap' : command.name} refused: ${reason}`);
  }
  return records;
}

function refusalIn(record: AnyRecord): string | null {
  switch (record.event) {
    case 'command-refused':
    case 'upgrade-refused':
    case 'signal-refused':
      return record.reason;
    case 'scaling-limit':
      return record.message;
    default:
      return null;
  }
}
