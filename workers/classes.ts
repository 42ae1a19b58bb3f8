import type { Settings } from '../src/settings/catalogue.ts';
import { classNameOf } from '../src/settings/class-name.ts';
import type { Serve } from './serving.ts';

/** The worker class that the settings ask for; only its own modules are loaded. */
export async function classOf(settings: Settings): Promise<Serve> {
  switch (classNameOf(settings)) {
    case 'async':
      return (await import('./async.ts')).serveAsync;
    case 'sync':
      return (await import('./sync.ts')).serveSync;
    case 'thread':
      return (await import('./thread.ts')).serveThread;
  }
}
