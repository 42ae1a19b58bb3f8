import type { RecordSpec } from '../../src/log/records/record.ts';
import { recordTables } from '../../src/log/records.ts';

const TABLE = new Map(Object.values(recordTables).flatMap((table) => Object.entries<RecordSpec>(table)));

/** What of a record is not as the tables say; empty where it is. */
export function problemsOf(record: Readonly<Record<string, unknown>>): readonly string[] {
  const { event, level, worker, pid } = record;
  const spec = TABLE.get(`${event}`);
  if (spec === undefined) return [`unknown event: ${JSON.stringify(record)}`];
  const levels: readonly unknown[] = [spec.level].flat();
  const missing = spec.fields.filter((field) => record[field] === undefined);
  return [
    ...(levels.includes(level) ? [] : [`${event} at level ${level}`]),
    ...missing.map((field) => `${event} without ${field}: ${JSON.stringify(record)}`),
    ...(worker === undefined || Reflect.get(Object(worker), 'pid') === pid
      ? []
      : [`${event} of another pid`]),
  ];
}
