import type { LogFields, Logger, LogLevel } from '../support/logger.ts';
import { changeRecords } from './records/changes.ts';
import { companionRecords } from './records/companions.ts';
import { logRecords } from './records/logs.ts';
import type { FieldName, FieldTypes, RecordTable } from './records/record.ts';
import { requestRecords } from './records/requests.ts';
import { serviceRecords } from './records/service.ts';
import { workerRecords } from './records/workers.ts';

// At run time nothing needs these tables: import their types only.

/** The tables of records by their headings. */
export const recordTables = {
  'The service': serviceRecords,
  Workers: workerRecords,
  Companions: companionRecords,
  'Reloads and upgrades': changeRecords,
  'Requests and the application': requestRecords,
  'The logs': logRecords,
} as const satisfies Readonly<Record<string, RecordTable>>;

export type Records = typeof serviceRecords &
  typeof workerRecords &
  typeof companionRecords &
  typeof changeRecords &
  typeof requestRecords &
  typeof logRecords;

/** The `event` of a record: what an alert looks for. Once released, a name keeps its meaning. */
export type RecordEvent = keyof Records;

type LevelOf<E extends RecordEvent> = Records[E]['level'] extends readonly (infer L)[]
  ? L
  : Records[E]['level'];

type EventAt<L extends LogLevel> = {
  [E in RecordEvent]: L extends LevelOf<E> ? E : never;
}[RecordEvent];

/**
 * The fields that the record of an event declares, and no other of FieldTypes. A name that is unknown there is found where
 * it is written, but not in an object that is spread.
 */
type FieldsOf<E extends RecordEvent, Known extends FieldName> = Pick<LogFields, 'err' | 'lines' | 'pid'> & {
  readonly event: E;
} & { readonly [F in Exclude<Records[E]['fields'][number], Known>]: FieldTypes[F] } & {
  readonly [F in Exclude<OptionalOf<E>, Known>]?: FieldTypes[F];
} & { readonly [F in Exclude<FieldName, Records[E]['fields'][number] | OptionalOf<E>>]?: never };

type OptionalOf<E extends RecordEvent> = Records[E] extends {
  readonly may: readonly (infer F extends FieldName)[];
}
  ? F
  : never;

/** What a record of this level may consist of; a logger that adds the fields `Known` by itself is not given them. */
type FieldsAt<L extends LogLevel, Known extends FieldName> = {
  [E in EventAt<L>]: FieldsOf<E, Known>;
}[EventAt<L>];

/** The record of an event, as an object. */
export type RecordOf<E extends RecordEvent> = Pick<LogFields, 'err' | 'lines' | 'pid'> & {
  readonly event: E;
  readonly level: LevelOf<E>;
  /** The same in words, which may change from one version to the next. */
  readonly message: string;
  readonly time: Date;
} & { readonly [F in Records[E]['fields'][number]]: FieldTypes[F] } & {
  readonly [F in OptionalOf<E>]?: FieldTypes[F];
};

/** Any record. */
export type AnyRecord = { [E in RecordEvent]: RecordOf<E> }[RecordEvent];

/**
 * A logger as tsunicorn itself uses it: each line is a record of the tables, with its level and its fields. Any Logger
 * is one.
 */
export type RecordLog<Known extends FieldName = never> = {
  readonly [L in LogLevel]: (message: string, fields: FieldsAt<L, Known>) => void;
} & Pick<Logger, 'reopen' | 'flush'>;

/** The same in a worker, whose logger says which worker it is. */
export type WorkerLog = RecordLog<'worker'>;
