import type { Settings } from './catalogue/catalogue.ts';

/** The class that serves: as in Gunicorn, `sync` with more than one thread is `thread`. */
export function classNameOf({
  workerClass,
  threads,
}: Pick<Settings, 'workerClass' | 'threads'>): Settings['workerClass'] {
  return workerClass === 'sync' && (threads ?? 1) > 1 ? 'thread' : workerClass;
}
