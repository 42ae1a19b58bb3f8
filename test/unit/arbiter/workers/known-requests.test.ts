import { describe, expect, it } from 'vitest';
import { KnownRequests } from '../../../../src/arbiter/workers/known-requests.ts';
import type { ReportedFlight } from '../../../../src/process/ipc/flights.ts';

const flight: ReportedFlight = {
  ...{ id: 1, method: 'GET', url: '/', cut: false, remote: '127.0.0.1', protocol: 'HTTP/1.1' },
  ...{ requestId: '', traceId: '' },
  ...{ status: 0, ended: false, bytes: 0, startedMs: 0 },
};
const junk = 'x'.repeat(1000);

function knownOf(...began: readonly ReportedFlight[]): KnownRequests {
  const known = new KnownRequests();
  known.note({ tsunicorn: 'flights', began, changed: [], over: [] });
  return known;
}

describe('what is known of the requests of a worker', () => {
  it('is what its watchdog told last of those that are not over', () => {
    const known = knownOf(flight, { ...flight, id: 2 });
    const changed = [{ id: 1, status: 200, ended: false, bytes: 7 }];
    known.note({ tsunicorn: 'flights', began: [], changed, over: [2] });
    expect(known.left).toEqual([{ ...flight, status: 200, bytes: 7 }]);
  });

  it('is no more than a watchdog can tell, whoever writes to its pipe', () => {
    const long = (['method', 'url', 'remote', 'protocol'] as const).map((name) => ({
      ...flight,
      [name]: junk,
    }));
    expect(knownOf(...long).left).toEqual([]);
    const many = Array.from({ length: 10_000 }, (_, id) => ({ ...flight, id }));
    expect(knownOf(...many).left).toHaveLength(4096);
    const known = knownOf(Object.assign({ ...flight }, { junk }));
    const change = Object.assign({ id: 1, status: 200, ended: true, bytes: 7 }, { junk });
    known.note({ tsunicorn: 'flights', began: [], changed: [change], over: [] });
    expect(known.left).toEqual([{ ...flight, status: 200, ended: true, bytes: 7 }]);
  });
});
