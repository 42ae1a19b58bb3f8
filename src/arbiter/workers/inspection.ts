import type { InspectCommand, Inspected, Inspection, StopInspecting } from '../../process/ipc/inspection.ts';
import type { WorkerState } from '../policy/worker-state.ts';

/** What an inspection needs of a worker. */
export interface InspectedWorker {
  readonly state: WorkerState;
  /** Gets each part of an answer, and null when the process has ended; null where nobody waits for one. */
  onInspected: ((part: Inspected | null) => void) | null;
  /** Tells its watchdog, or where none runs the worker itself. */
  inspect(command: InspectCommand | StopInspecting): void;
}

/** Beyond this a worker says something else than what it was asked for. */
const MOST_LENGTH = 128 * 1024 * 1024;

/**
 * Has a worker look at its own threads. Resolves with the text of the answer; rejects with one line, also where nothing
 * has come for `patienceMs`. One at a time in each worker.
 */
export async function inspectWorker(
  worker: InspectedWorker,
  inspection: Inspection,
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<string> {
  if (worker.onInspected !== null) throw new Error('another inspection of this worker is under way');
  // Later than that of every answer that may still come.
  const id = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const timer = setTimeout(() => reject(new Error(silenceOf(worker.state))), patienceMs);
  const abort = () => reject(new Error('nobody waits for the answer any more'));
  worker.onInspected = (part) => {
    if (part === null) return reject(new Error('the worker has ended meanwhile'));
    if (part.id !== id) return;
    timer.refresh();
    if (part.end === 'failed') return reject(new Error(part.text));
    text += part.text;
    if (text.length > MOST_LENGTH) reject(new Error('the answer is too long'));
    else if (part.end === 'done') resolve(text);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    worker.inspect({ tsunicorn: 'inspect', id, ...inspection });
    return await promise;
  } catch (error) {
    worker.inspect({ tsunicorn: 'stopInspecting', id });
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    worker.onInspected = null;
  }
}

function silenceOf({ name }: WorkerState): string {
  if (name === 'spawning' || name === 'booting')
    return 'the worker does not answer: it is still loading the application, and its event loop is blocked';
  return 'the worker does not answer: its process is stopped or gets no processor, or its event loop is blocked and it has no watchdog (--no-watchdog)';
}
