import { ClusterView } from '../../src/app/script/cluster-view.ts';
import { Listens } from '../../src/app/script/listens.ts';
import { MainModule } from '../../src/app/script/main-module.ts';
import { importsMain, takeNote } from '../../src/process/program.ts';
import { Inbox } from '../inbox.ts';

/** What of a process is ours that runs the application's module as its main module. */
export interface Takeover {
  readonly main: MainModule;
  readonly listens: Listens;
  readonly cluster: ClusterView;
  /** Null in a trial load. */
  readonly inbox: Inbox | null;
}

/**
 * To be called before any code of the user's runs. A worker first sets its signal handlers and reports that: until then a
 * signal would simply kill it. Null in a process that no arbiter started so.
 */
export function takeOver(): Takeover | null {
  const note = takeNote();
  if (note === null) return null;
  const inbox = note.as === 'worker' ? new Inbox() : null;
  const [, file = ''] = process.argv;
  const { TSUNICORN_SLOT: slot } = process.env;
  const cluster = new ClusterView(file, slot === undefined ? null : Number(slot));
  return { main: new MainModule(file, importsMain(note)), listens: new Listens(), cluster, inbox };
}
