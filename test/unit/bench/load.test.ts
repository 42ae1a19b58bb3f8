import { describe, expect, it } from 'vitest';
import { parseAutocannon, parseH2load, parseWrk } from '../../../bench/load.ts';

const wrkReport = (extra = ''): string => `Running 1s test @ http://127.0.0.1:36015/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   315.75us    0.87ms  15.21ms   94.32%
  65723 requests in 1.10s, 9.46MB read
${extra}Requests/sec:  59769.10
`;

describe('parseWrk', () => {
  it('reads the answers and the seconds that they took', () => {
    expect(parseWrk(wrkReport())).toEqual({ answered: 65723, seconds: 1.1, failed: 0 });
  });

  it('counts every kind of socket error and every refused request as failed', () => {
    const errors = '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\n';
    expect(parseWrk(wrkReport(errors)).failed).toBe(15);
  });

  it('reads a run of minutes in seconds', () => {
    expect(parseWrk('10 requests in 1.50m, 1KB read').seconds).toBe(90);
  });

  it('quotes what wrk said where there is no total', () => {
    expect(() => parseWrk('unable to connect\n')).toThrow('wrk: no total in its report: unable to connect');
  });
});

describe('parseAutocannon', () => {
  const report = { duration: 2.02, '2xx': 90, '3xx': 1, '4xx': 2, '5xx': 3, errors: 4, timeouts: 4 };

  it('reads the answers, the seconds and the failures, a timeout counted once', () => {
    expect(parseAutocannon(JSON.stringify(report))).toEqual({ answered: 91, seconds: 2.02, failed: 9 });
  });

  it('names the figure that a report lacks', () => {
    expect(() => parseAutocannon('{"2xx":1}')).toThrow('autocannon: no 3xx in its report');
  });
});

it('reads the report of h2load, where what is errored has failed as well', () => {
  const report = `finished in 2.01s, 15010.50 req/s, 1.20MB/s
requests: 30030 total, 30031 started, 30030 done, 30020 succeeded, 10 failed, 10 errored, 0 timeout
status codes: 30020 2xx, 0 3xx, 0 4xx, 0 5xx`;
  expect(parseH2load(report)).toEqual({ answered: 30020, seconds: 2.01, failed: 10 });
  expect(() => parseH2load('no server')).toThrow('h2load: no total in its report: no server');
});
