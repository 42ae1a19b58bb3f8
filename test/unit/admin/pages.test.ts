import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readinessOf } from '../../../src/admin/health.ts';
import { type Answer, Pages } from '../../../src/admin/pages.ts';
import type { ServiceStatus } from '../../../src/process/status.ts';

const local = { isLocal: true, isTcp: true };
const remote = { isLocal: false, isTcp: true };
const unix = { isLocal: true, isTcp: false };

function pages(adminToken: string | null = null): Pages {
  return new Pages({
    livez: () => ({ isFine: true, body: { live: true } }),
    readyz: () => ({ isFine: false, body: { ready: false } }),
    metrics: async (format) => format,
    status: async () => ({ schema: 1 }),
    settings: () => ({ adminToken }),
  });
}

function request(url: string, headers: Record<string, string> = {}, method = 'GET'): IncomingMessage {
  return { url, method, headers: { host: '127.0.0.1:9000', ...headers } } as unknown as IncomingMessage;
}

async function statusOf(answer: Answer | Promise<Answer>): Promise<number> {
  return (await answer).status;
}

describe('the pages of the arbiter', () => {
  it('answer probes with 200 or 503', () => {
    expect(pages().answer(request('/livez?verbose'), local)).toMatchObject({
      status: 200,
      body: '{"live":true}\n',
    });
    expect(pages().answer(request('/readyz'), remote)).toMatchObject({ status: 503 });
  });

  it('answer /metrics in the format that the client accepts', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    expect(await pages().answer(request('/metrics', { accept }), remote)).toMatchObject({
      type: expect.stringContaining('openmetrics-text; version=1.0.0'),
      body: 'openMetrics',
    });
    expect(await pages().answer(request('/metrics'), remote)).toMatchObject({
      type: expect.stringContaining('version=0.0.4'),
      body: 'text',
    });
  });

  it('tell the rest beyond the loopback interface only to who has the token', async () => {
    expect(await statusOf(pages().answer(request('/status.json'), local))).toBe(200);
    expect(await statusOf(pages().answer(request('/status.json'), unix))).toBe(200);
    expect(await statusOf(pages().answer(request('/status.json'), remote))).toBe(403);
    const withToken = pages('secret');
    expect(await statusOf(withToken.answer(request('/status.json'), remote))).toBe(401);
    expect(await statusOf(withToken.answer(request('/status.json'), local))).toBe(401);
    const ask = (authorization: string) =>
      statusOf(withToken.answer(request('/status.json', { authorization }), remote));
    expect(
      await Promise.all(
        ['Bearer secret', 'bearer secret', 'Bearer secre', 'Bearer secrets', 'Basic secret'].map(ask),
      ),
    ).toEqual([200, 200, 401, 401, 401]);
  });

  it('are not told to a name that a name server of others may lead here', async () => {
    const ask = (host: string) => statusOf(pages().answer(request('/livez', { host }), local));
    expect(await Promise.all(['localhost:9000', '[::1]:9000', '10.1.2.3'].map(ask))).toEqual([200, 200, 200]);
    expect(
      await Promise.all(
        ['evil.example:9000', '', '127.0.0.1.evil.example', 'localhost.evil.example'].map(ask),
      ),
    ).toEqual([403, 403, 403, 403]);
    expect(await statusOf(pages().answer(request('/livez', { host: 'pod.example' }), remote))).toBe(200);
    expect(await statusOf(pages().answer(request('/livez', { host: 'any' }), unix))).toBe(200);
  });

  it('are read only, and name themselves', () => {
    expect(pages().answer(request('/livez', {}, 'POST'), local)).toMatchObject({ status: 405 });
    expect(pages().answer(request('/nothing'), local)).toMatchObject({
      status: 404,
      body: expect.stringContaining('/metrics'),
    });
  });
});

describe('readiness', () => {
  const status: ServiceStatus = {
    ...{ phase: 'serving', reload: null, reloadFailure: null, role: 'only', generation: 1 },
    ...{
      workers: { wanted: 3, ready: 2, current: 2, all: 3 },
      processes: [],
      companions: [],
      bootMs: 1,
      graceMs: 1,
    },
  };

  it('takes as many workers as the quorum asks for', () => {
    expect(readinessOf(status, 2)).toMatchObject({ isFine: true, body: { ready: true, reasons: [] } });
    expect(readinessOf(status, 3)).toMatchObject({
      isFine: false,
      body: { reasons: ['2 workers accept, and --ready-quorum is 3'] },
    });
  });

  it('ends when the service stops, and not when a new arbiter serves', () => {
    expect(readinessOf({ ...status, phase: 'stopping' }, 1).isFine).toBe(false);
    expect(readinessOf({ ...status, phase: 'stopping', role: 'old' }, 1).isFine).toBe(true);
    expect(readinessOf(null, 1).isFine).toBe(false);
  });
});
