import type { Settings } from './catalogue.ts';

/** The class that serves: as in Gunicorn, `sync` with more than one thread is `thread`. */
export function classNameOf({ workerClass, threads }: Settings): Settings['workerClass'] {
  // Widened, so that this does not depend on which classes there are.
  const asked: string = workerClass;
  return asked === 'sync' && (threads ?? 1) > 1 ? 'thread' : workerClass;
}
