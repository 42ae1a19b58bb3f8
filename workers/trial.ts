import { refuseHttp2 } from '../src/app/http2/refuse.ts';
import type { Settings } from '../src/settings/catalogue/catalogue.ts';
import { classNameOf } from '../src/settings/class-name.ts';
import { servedName } from '../src/settings/mounts.ts';
import { tryOnce } from './boot/try-once.ts';

// The child of tryApplication(), where it imports the application.

tryOnce(load);

/** Loads the application where its worker class would: in a thread some of Node is missing, and memory is limited. */
async function load(settings: Settings): Promise<string> {
  if (classNameOf(settings) === 'thread') {
    const { loadInThread } = await import('./classes/thread/trial.ts');
    return loadInThread(settings);
  }
  const { loadServed } = await import('../src/app/load-served.ts');
  const application = await loadServed(settings, { cwd: process.cwd(), onError: () => {} });
  if (classNameOf(settings) === 'sync') refuseHttp2(application, servedName(settings), 'sync');
  return application.what;
}
