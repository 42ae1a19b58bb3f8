import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { linuxOnly } from './test/support/linux-only.ts';
import { MARK } from './test/support/marked.ts';
import { SlowProjectsFirst } from './test/support/slow-projects-first.ts';

// Where a change lands, another try tells a test that the machine has disturbed from one that fails: both are printed.
const retry = process.env.CI ? 2 : 0;

// Without it, each of the thousand processes that the tests start compiles our files anew, and strips the types of a
// fixture's: Node loads its TypeScript compiler for that, which takes a third of the processor time of a start.
const env = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/tsunicorn', import.meta.url)),
  [MARK]: `${process.pid}-${Date.now()}`,
};

const globalSetup = ['build', 'watch-run'].map((name) =>
  fileURLToPath(new URL(`test/support/${name}.ts`, import.meta.url)),
);

/**
 * A client that still asks when its test ends has its connection cut: the result of the test says whether that was expected.
 * In unit tests and simulations, where code of ours would reject, it is an error as any other.
 */
function isCutClient({ VITEST_TEST_PATH: path, code }: Readonly<Record<string, unknown>>): boolean {
  const isOfConnection =
    typeof code === 'string' && ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT'].includes(code);
  return isOfConnection && typeof path === 'string' && /\/test\/(integration|soak)\//.test(path);
}

// `npm test` is for the desk, and takes minutes: what goes to the bottom of one feature, or of everything that a client can do, is
// in files that only `npm run test:full` runs, and so whatever lands.
const atLength = process.env.TSUNICORN_TESTS === 'full' ? [] : ['**/*.full.test.ts'];

const exclude = [...configDefaults.exclude, ...linuxOnly(), ...atLength];

export default defineConfig({
  test: {
    onUnhandledError: (error) => !isCutClient({ ...error }),
    // Most tests wait for processes, and leave half of a processor to others.
    maxWorkers: availableParallelism() * 2,
    sequence: { sequencer: SlowProjectsFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          exclude,
          testTimeout: 60_000,
          // Nothing of ours keeps state in a module, so that files can share one: a new one for each took half of the time.
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude,
          // What a test waits for has deadlines of its own (test/support/patience.ts), which say what is missing.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          retry,
          env,
          globalSetup,
        },
      },
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          exclude,
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          exclude,
          testTimeout: 300_000,
          retry,
          env,
          globalSetup,
        },
      },
      {
        test: {
          name: 'soak',
          include: ['test/soak/**/*.test.ts'],
          exclude,
          testTimeout: 300_000,
          retry,
          env,
          globalSetup,
        },
      },
    ],
  },
});
