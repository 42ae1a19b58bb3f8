import { parentPort } from 'node:worker_threads';
import type { InspectCommand, StopInspecting } from '../../../src/process/ipc/inspection.ts';
import { Inspections } from './inspections.ts';
import { Turns } from './turns.ts';

// The thread that looks where there is no watchdog. Its port keeps its event loop alive: a session alone does not.

const inspections = new Inspections({
  say: async (part) => parentPort?.postMessage(part),
  // The main thread has looked.
  isDebugged: () => false,
  turns: new Turns(),
  waiting: () => ({ requests: [], waiting: 0 }),
});

// Null is the end.
parentPort?.on('message', (command: InspectCommand | StopInspecting | null) => {
  if (command === null) parentPort?.close();
  else void inspections.take(command);
});
