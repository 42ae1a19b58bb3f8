import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { OWN_EXTENSION } from '../src/support/own-files.ts';

// The first module of a process that runs the application's module as its main module; threads of the application load
// this file too, and nothing more.

type Takeover = typeof import('./boot/takeover.ts');

const require = createRequire(import.meta.url);

/** Null in a thread of the application. */
export const preloaded = isMainThread
  ? (require(`./boot/takeover${OWN_EXTENSION}`) as Takeover).takeOver()
  : null;
