import { BodyStore, type StoreOptions } from '../../src/http/bodies/store.ts';
import { systemClock } from '../../src/support/clock.ts';
import { FakeLogger } from './fake-logger.ts';

/** Room for bodies, of which nothing is said. */
export function bodyStore(given: Partial<StoreOptions> = {}): BodyStore {
  return new BodyStore({ log: new FakeLogger(), clock: systemClock, ...given });
}
