import { describe, expect, it } from 'vitest';
import type { Controlled } from '../../../src/control/controlled.ts';
import { Journal } from '../../../src/control/journal.ts';
import type { Asked } from '../../../src/control/route.ts';
import { ENDED, until } from '../../../src/control/until.ts';

const never = { look: () => null, progress: () => null };
const lines = { send: () => true };

function waiting(signal: AbortSignal, journal = new Journal(() => 0)) {
  const asked = { query: new URLSearchParams(), signal } as Asked;
  return until(asked, lines, { journal } as Controlled, never);
}

describe('a wait', () => {
  it('ends at once for a client that has gone before', async () => {
    await expect(waiting(AbortSignal.abort())).rejects.toThrow('the client has gone');
  });

  it('ends when the client goes', async () => {
    const client = new AbortController();
    const wait = waiting(client.signal);
    client.abort();
    await expect(wait).rejects.toThrow('the client has gone');
  });

  it('ends with the service, also with one that has ended before', async () => {
    const journal = new Journal(() => 0);
    const { signal } = new AbortController();
    const wait = waiting(signal, journal);
    journal.end();
    expect(await wait).toEqual(ENDED);
    expect(await waiting(signal, journal)).toEqual(ENDED);
  });
});
