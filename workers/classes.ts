import type { BootFailure } from '../src/ipc.ts';
import type { Settings } from '../src/settings/catalogue.ts';
import { classNameOf } from '../src/settings/class-name.ts';
import type { Serve } from './serving.ts';

/** The worker class that the settings ask for, or what shows a `failure`; only its own modules are loaded. */
export async function classOf(settings: Settings, failure: BootFailure | null): Promise<Serve> {
  if (failure) return (await import('./broken.ts')).serveFailure(failure);
  switch (classNameOf(settings)) {
    case 'async':
      return (await import('./async.ts')).serveAsync;
    case 'sync':
      return (await import('./sync.ts')).serveSync;
    case 'thread':
      return (await import('./thread.ts')).serveThread;
  }
}
