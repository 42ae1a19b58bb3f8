import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { promised, STABLE } from '../support/promise/promised.ts';

it('what users build on is what was promised: npm run promise, where a change of it is wanted', async () => {
  const stable: Record<string, readonly string[]> = JSON.parse(readFileSync(STABLE, 'utf8'));
  const now = await promised();
  const changes = Object.keys({ ...stable, ...now }).flatMap((kind) => [
    ...(stable[kind] ?? []).filter((line) => !now[kind]?.includes(line)).map((line) => `- ${kind}: ${line}`),
    ...(now[kind] ?? []).filter((line) => !stable[kind]?.includes(line)).map((line) => `+ ${kind}: ${line}`),
  ]);
  // A line with - breaks users, and needs a new major version from 1.0.0 on; one with + is a promise from now on.
  expect(changes).toEqual([]);
});
