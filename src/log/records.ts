import { changeRecords } from './records/changes.ts';
import { logRecords } from './records/logs.ts';
import type { RecordTable } from './records/record.ts';
import { requestRecords } from './records/requests.ts';
import { serviceRecords } from './records/service.ts';
import { workerRecords } from './records/workers.ts';

// At run time nothing needs these tables: import their types only.

/** The tables of records by their headings. */
export const recordTables = {
  'The service': serviceRecords,
  Workers: workerRecords,
  'Reloads and upgrades': changeRecords,
  'Requests and the application': requestRecords,
  'The logs': logRecords,
} as const satisfies Readonly<Record<string, RecordTable>>;

export type Records = typeof serviceRecords &
  typeof workerRecords &
  typeof changeRecords &
  typeof requestRecords &
  typeof logRecords;

/** The `event` of a record: what an alert looks for. Once released, a name keeps its meaning. */
export type RecordEvent = keyof Records;
