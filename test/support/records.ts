import type { RecordSpec } from '../../src/log/records/record.ts';
import { recordTables } from '../../src/log/records.ts';

const TABLE = new Map(Object.values(recordTables).flatMap((table) => Object.entries<RecordSpec>(table)));

/** What the logger itself adds. */
const COMMON = ['level', 'time', 'pid', 'msg', 'event', 'err'];

/** What of a record is not as the tables say; empty where it is. */
export function problemsOf(record: Readonly<Record<string, unknown>>): readonly string[] {
  const { event, level, worker, pid } = record;
  const spec = TABLE.get(`${event}`);
  if (spec === undefined) return [`unknown event: ${JSON.stringify(record)}`];
  const levels: readonly unknown[] = [spec.level].flat();
  const missing = spec.fields.filter((field) => record[field] === undefined);
  const declared = new Set<string>([...COMMON, ...spec.fields, ...(spec.may ?? [])]);
  const undeclared = Object.keys(record).filter((field) => !declared.has(field));
  return [
    ...(levels.includes(level) ? [] : [`${event} at level ${level}`]),
    ...missing.map((field) => `${event} without ${field}: ${JSON.stringify(record)}`),
    ...undeclared.map((field) => `${event} with ${field}, which it does not declare`),
    ...(worker === undefined || Reflect.get(Object(worker), 'pid') === pid
      ? []
      : [`${event} of another pid`]),
  ];
}
