import { defineConfig } from 'vitest/config';

// Not a part of `npm test`: it needs Chromium, and each scene is looked at in several sizes and colours.
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    retry: process.env.CI ? 2 : 0,
  },
});
