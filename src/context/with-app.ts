import { isThenable } from '../support/thenable.ts';
import { endContext } from './end.ts';
import { host } from './host.ts';
import { Context } from './store.ts';

/**
 * Runs a function in a context without a request, for scripts: there are `app` (whose value is the first argument), `g`,
 * `log`, `Local`, `teardown()` and `forward()`, which asks that application. Returns what the function returns; where that
 * is a promise, it settles when the teardowns are done, too.
 */
export function withApp<Result>(app: unknown, fn: () => Result): Result {
  const context = new Context({ name: 'withApp()', path: '', value: app }, null, null, null);
  try {
    const result = host.storage.run(context, fn);
    if (isThenable(result)) return endBehind(context, result) as Result;
    end(context);
    return result;
  } catch (error) {
    context.extras.error = error;
    end(context);
    throw error;
  }
}

async function endBehind(context: Context, result: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    context.extras.error = error;
    throw error;
  } finally {
    await endContext(context);
  }
}

function end(context: Context): void {
  const ending = endContext(context);
  if (ending) host.wait(ending);
}
