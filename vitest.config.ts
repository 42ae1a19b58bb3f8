import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Most tests wait for processes: one processor less, as by default, would double the time on a machine of two.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: 'soak', include: ['test/soak/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
});
