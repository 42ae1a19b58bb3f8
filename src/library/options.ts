import type { Command } from '../arbiter/events.ts';
import type { AnyRecord, RecordEvent, RecordOf } from '../log/records.ts';
import type { ServiceStatus } from '../process/status.ts';
import type { UserConfig } from '../settings/catalogue/catalogue.ts';

/** What a program decides about a service beside its settings. */
export interface ServiceOptions {
  /** A configuration file below the settings, as `-c` takes it: `tsunicorn.config.ts:Production`. */
  readonly config?: string;
  /** What `config` and `chdir` are relative to; by default the working directory. */
  readonly cwd?: string;
  /** Whether the signals of this process mean to the service what they mean to the command, except USR2 and WINCH. */
  readonly signals?: boolean;
  /** Whether the title of this process becomes that of an arbiter. */
  readonly title?: boolean;
}

/** The events that listeners can be added for; `*` is every one. */
export type ServiceEvent = RecordEvent | '*';

/** What a listener for an event gets. */
export type ServiceRecord<E extends ServiceEvent = '*'> = E extends RecordEvent ? RecordOf<E> : AnyRecord;

/** What a service is run with, and who is told of it. */
export interface RunOptions {
  /** What the settings are now; read at the start and at each reload. */
  readonly settings: () => UserConfig;
  readonly options: ServiceOptions;
  readonly took: (record: AnyRecord) => void;
  readonly observe: (status: ServiceStatus) => void;
}

/** A service that has begun: what it can be told, and its end. */
export interface Begun {
  readonly ask: (command: Command) => void;
  /** The exit status that the command would have; rejects with a UsageError where nothing could be started. */
  readonly ended: Promise<number>;
}
