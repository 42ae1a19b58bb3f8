import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerLog } from '../src/log/records.ts';

/**
 * Keeps the application from doing with this process what would break the worker without a word. To be called before
 * any foreign code runs.
 */
export function guardProcess(log: WorkerLog): void {
  // Whoever forks it meets a line that says what to fork instead; a worker without an arbiter would wait for ever.
  const here = import.meta.url;
  process.argv[1] = fileURLToPath(new URL(`./forked${extname(here)}`, here));
  let isSaid = false;
  process.disconnect = () => {
    if (!isSaid)
      log.warning(
        'The application called process.disconnect(); the channel is its worker’s, and stays open',
        {
          event: 'disconnect-ignored',
        },
      );
    isSaid = true;
  };
}
