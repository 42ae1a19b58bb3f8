import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { type Name, TRIED } from './service.ts';

/** `npm run fuzz` takes as many as one likes, and other seeds. */
const REQUESTS = 1500;

describe.concurrent.each(Object.keys(TRIED) as Name[])('%s', (name) => {
  it(`does no honest client harm in ${REQUESTS} requests, most of which are none`, async () => {
    const { failure, ...did } = await fuzz({ name, seed: 1, requests: REQUESTS });
    expect(failure, `npm run fuzz -- --seed 1 --class ${name} --requests ${REQUESTS}`).toBeNull();
    expect(did.requests).toBeGreaterThanOrEqual(REQUESTS);
  });
});
