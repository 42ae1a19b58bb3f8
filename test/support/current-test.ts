import { AsyncLocalStorage } from 'node:async_hooks';
import {
  aroundEach,
  type TestContext,
  onTestFailed as vitestFailed,
  onTestFinished as vitestFinished,
} from 'vitest';

const current = new AsyncLocalStorage<Pick<TestContext, 'onTestFinished' | 'onTestFailed'>>();

/**
 * To be called once in a file with concurrent tests: vitest's own onTestFinished() takes the test that began last for the
 * one that calls it.
 */
export function tellTestsApart(): void {
  aroundEach((run, context) => current.run(context, run));
}

/** As vitest's, for the test that calls it, also among concurrent ones. */
export function onTestFinished(clean: () => unknown): void {
  (current.getStore()?.onTestFinished ?? vitestFinished)(async () => void (await clean()));
}

/** As vitest's, for the test that calls it, also among concurrent ones. */
export function onTestFailed(tell: () => void): void {
  (current.getStore()?.onTestFailed ?? vitestFailed)(tell);
}
