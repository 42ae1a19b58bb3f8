import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { LoadedData } from '../../src/settings/load.ts';
import { loadedWith } from '../support/fake-service.ts';
import type { Chance } from './chance.ts';

const BINDS = [
  ['127.0.0.1:8000'],
  ['127.0.0.1:8000', '127.0.0.1:8001'],
  ['127.0.0.1:8001'],
  ['127.0.0.1:8002'],
  ['127.0.0.1:8000', 'unix:/run/{slot}.sock'],
  // Of slot 0 is then what was that of all.
  ['127.0.0.1:800{slot}'],
];

/** The settings that the arbiter's decisions depend on, so short that a schedule meets every limit. */
export function drawSettings(chance: Chance): Partial<Settings> {
  const workers = chance.between(1, 4);
  return {
    workers,
    app: 'app.ts:app',
    bind: ['127.0.0.1:8000'],
    spareWorkers: chance.of([0, 0, 0, 1, 2]),
    reloadBatch: chance.of([1, 1, 2, 3]),
    timeout: chance.of([0, 5, 5, 10]),
    bootTimeout: chance.of([0, 5, 5, 10]),
    gracefulTimeout: chance.of([0, 3, 10]),
    drainDelay: chance.of([0, 0, 5]),
    watchdog: chance.happens(0.7),
    reload: chance.happens(0.12),
    debug: chance.happens(0.5),
    ...(chance.happens(0.25) ? { workersMin: 1, workersMax: workers + 2 } : {}),
  };
}

/** Draws changed settings for a service that runs. */
export function redraw(before: Partial<Settings>, chance: Chance): Partial<Settings> {
  const { bind, ...fresh } = drawSettings(chance);
  const changed = Object.entries(fresh).filter(() => chance.happens(0.3));
  // Whether it watches files is decided at the start.
  const { reload, debug } = before;
  return {
    ...before,
    ...Object.fromEntries(changed),
    reload: reload ?? false,
    debug: debug ?? false,
    bind: chance.happens(0.4) ? chance.of(BINDS) : (before.bind ?? bind ?? []),
  };
}

export function load(settings: Partial<Settings>): LoadedData {
  return loadedWith(settings);
}
