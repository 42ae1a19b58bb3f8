import { type Served, servedName } from '../settings/mounts.ts';
import { appError } from './failure.ts';
import { whenDry } from './script/when-dry.ts';

/**
 * Resolves as `load` does. Rejects with a BootError when it waits and nothing is left in the process that could end that,
 * at which plain Node would end with status 13.
 */
export async function loadToEnd<Loaded>(served: Served, load: () => Promise<Loaded>): Promise<Loaded> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  const end = whenDry(() =>
    reject(
      appError(
        `${servedName(served)} never finishes loading: its module or its factory waits (await) for what nothing is left to bring about`,
      ),
    ),
  );
  try {
    return await Promise.race([load(), never]);
  } finally {
    end();
  }
}
