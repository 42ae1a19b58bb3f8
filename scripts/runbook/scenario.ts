import type { Draw, Program, WorkerClass } from './draw.ts';
import type { Stage } from './stage.ts';

/** A failure as a person on call meets it, how it is made, and what must name it. */
export interface Scenario {
  readonly title: string;
  /** Whole sentences. */
  readonly cause: string;
  readonly cure: string;
  /** The alert that fires, of deploy/prometheus/rules.yml. */
  readonly alert?: string;
  /** So many times it has to happen until the alert fires; once where it is not said. */
  readonly alertAfter?: number;
  /** Others can be made at the same service: before it (`passes`), or before all that is left of it (`stays`). */
  readonly shares?: 'passes' | 'stays';
  /** Why it cannot be made on this machine; null where it can. */
  readonly missing?: () => string | null;
  /** The service and its failure, with the numbers of the draw. */
  readonly make: (draw: Draw) => Staging;
}

/** A service that serves, and what is done to it. */
export interface Staging {
  /** Of the draw, where it is not said. */
  readonly workers?: number;
  readonly workerClass?: WorkerClass;
  readonly program?: Program;
  /** Instead of the small service of the draw. */
  readonly files?: Readonly<Record<string, string>>;
  /** More arguments; PORT stands for a port of 127.0.0.1 that is taken. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts it, put before its command line. */
  readonly through?: readonly string[];
  /** Its working directory is a link to one of two releases. */
  readonly isRelease?: true;
  /** Where it serves; a Unix socket where it is not said. */
  readonly address?: 'tcp';
  /** Before it starts, in its directory. */
  readonly prepare?: (cwd: string) => void;
  /** Makes the failure of a service that serves. */
  readonly provoke: (stage: Stage) => void | Promise<void>;
  /** It is there when a worker has died, which takes its time; what names it is waited for from then on. */
  readonly isDeath?: true;
  /** Its workers are not there for long: that all of them serve is not waited for. */
  readonly isUnsteady?: true;
  /** The service never serves: there is nobody to ask. */
  readonly startsNot?: true;
  /** What names it in the log; null where nothing happens that could be logged. */
  readonly log: RegExp | null;
  /** What names it in `tsunicornctl status`; without it, there is no service to be asked. */
  readonly status?: RegExp;
}
