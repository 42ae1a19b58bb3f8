import type { BootSpec } from '../../src/process/ipc/boot-spec.ts';
import { classNameOf } from '../../src/settings/class-name.ts';
import type { Serve } from '../serving.ts';

/** Loads the worker class that the settings ask for, or the one that shows a `failure`, and nothing else. */
export async function classOf({ settings, failure }: Pick<BootSpec, 'settings' | 'failure'>): Promise<Serve> {
  if (failure) return (await import('./broken.ts')).serveFailure(failure);
  switch (classNameOf(settings)) {
    case 'async':
      return (await import('./async.ts')).serveAsync;
    case 'sync':
      return (await import('./sync/sync.ts')).serveSync;
    case 'thread':
      return (await import('./thread/class.ts')).serveThread;
  }
}
