import type { Settings } from '../src/settings/catalogue.ts';
import type { Serve } from './serving.ts';

/** The worker class of that name; only its own modules are loaded. */
export async function classOf(name: Settings['workerClass']): Promise<Serve> {
  switch (name) {
    case 'async':
      return (await import('./async.ts')).serveAsync;
    case 'sync':
      return (await import('./sync.ts')).serveSync;
  }
}
