import { STOP_SIGNALS, type WorkerEnd } from '../events.ts';

const MEANINGS: Readonly<Record<number, string>> = {
  1: 'wrong usage or configuration, or a taken address',
  3: 'a worker could not boot',
  4: 'the application could not be loaded',
};

/** Whether somebody stopped it, as with a service manager that tells every process of the service to stop. */
export function wasStopped(end: WorkerEnd): boolean {
  if (end.how === 'signal') return STOP_SIGNALS.some((signal) => signal === end.signal);
  return end.how === 'status' && end.status === 0;
}

/** How it ended, in words that stand behind its name. */
export function describeEnd(end: WorkerEnd): string {
  if (end.how === 'unborn') return `could not be started (${end.error})`;
  if (end.how === 'signal') return `was killed by ${end.signal}`;
  const meaning = MEANINGS[end.status];
  return `exited with status ${end.status}${meaning === undefined ? '' : ` (${meaning})`}`;
}
