import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { get } from '../support/client.ts';
import { ask } from '../support/http-client.ts';
import { askHttp2, connectHttp2 } from '../support/http2-client.ts';
import { adminOf } from '../support/metrics.ts';
import { serve, start } from '../support/tsunicorn.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const files = {
  'app.mjs': `export const app = (request, response) => {
    if (request.url === '/throws') throw new Error('on purpose');
    response.end(JSON.stringify([request.headers.traceparent ?? null, process.pid]));
  };`,
};
const SOON = { timeout: 30_000, interval: 50 };

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };

/** A span as the receiver has it, with its attributes by name. */
interface Received {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A receiver of traces, and what came to it. */
async function receive(status = 200) {
  const spans: Received[] = [];
  const paths = new Set<string | undefined>();
  const server = createServer(async (request, response) => {
    paths.add(request.url);
    const body = Buffer.concat(await request.toArray()).toString();
    if (status === 200) spans.push(...spansIn(body));
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => end(server));
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, paths, server };
}

function end(server: Server): void {
  server.close();
  server.closeAllConnections();
}

function spansIn(body: string): readonly Received[] {
  const [{ resource, scopeSpans }] = JSON.parse(body).resourceSpans;
  expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'shop' } });
  expect(scopeSpans[0].scope.name).toBe('tsunicorn');
  return scopeSpans[0].spans.map((span: { readonly attributes: readonly Attribute[] }) => ({
    ...span,
    attributes: Object.fromEntries(
      span.attributes.map(({ key, value }) => [key, Object.values(value)[0]] as const),
    ),
  }));
}

const serveTraced = (url: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  serve(['app.mjs:app', '--otlp-traces', url, '-n', 'shop', ...args], { files, env });

describe.each([['async'], ['sync'], ['thread']])('class %s', (name) => {
  it('a request with a traceparent continues its trace, for the application too, and one without begins one', async () => {
    const { url, spans, paths } = await receive();
    const format = ['--access-logfile', '-', '--access-logformat', '%(U)s %(Z)s'];
    const running = await serveTraced(url, ['-k', name, '--ready-path', '/ready', ...format]);
    const traced = (flags: string, path = '/') =>
      ask({ url: running.at, path, headers: { traceparent: `00-${TRACE}-${PARENT}-${flags}` } });
    const [seen] = JSON.parse((await traced('01', '/orders/7?secret=1')).body);
    const [unsampled] = JSON.parse((await traced('00')).body);
    expect((await traced('01', '/throws')).status).toBe(500);
    const [begun] = JSON.parse((await get(running.at, '/new')).body);
    await traced('01', '/ready');
    running.signal('SIGTERM');
    expect((await running.end()).status).toBe(0);
    // What waited is sent before the worker ends.
    expect([...paths]).toEqual(['/v1/traces']);
    const byPath = new Map(spans.map((span) => [span.attributes['url.path'], span]));
    expect([...byPath.keys()].toSorted()).toEqual(['/new', '/orders/7', '/throws']);
    const order = byPath.get('/orders/7');
    expect(order).toMatchObject({
      ...{ name: 'GET', kind: 2, traceId: TRACE, parentSpanId: PARENT },
      attributes: {
        'http.request.method': 'GET',
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'client.address': '127.0.0.1',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(running.at).port),
        'network.protocol.version': '1.1',
      },
    });
    expect(order?.status.code ?? 0).toBe(0);
    expect(JSON.stringify(spans)).not.toContain('secret');
    expect(seen).toBe(`00-${TRACE}-${order?.spanId}-01`);
    expect(unsampled).toBe(`00-${TRACE}-${PARENT}-00`);
    const lastsMs = (Number(order?.endTimeUnixNano) - Number(order?.startTimeUnixNano)) / 1e6;
    expect(lastsMs).toBeGreaterThanOrEqual(0);
    expect(Math.abs(Number(order?.endTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(600_000);
    const thrown = byPath.get('/throws');
    expect(thrown?.status.code).toBe(2);
    expect(thrown?.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' });
    const fresh = byPath.get('/new');
    expect(fresh?.parentSpanId ?? '').toBe('');
    expect(begun).toBe(`00-${fresh?.traceId}-${fresh?.spanId}-01`);
    expect(running.stdout).toContain(`/new ${fresh?.traceId}\n`);
  });
});

it('requests of HTTP/2 have spans, and with a ratio of 0 none begins a trace', async () => {
  const { url, spans } = await receive();
  const running = await serveTraced(url, ['--http2-cleartext', '--otlp-traces-ratio', '0']);
  const session = connectHttp2(running.at);
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
  const [seen] = JSON.parse((await askHttp2(session, '/one', { headers })).body);
  const [none] = JSON.parse((await askHttp2(session, '/two')).body);
  session.close();
  running.signal('SIGTERM');
  expect((await running.end()).status).toBe(0);
  expect(none).toBeNull();
  expect(spans).toHaveLength(1);
  expect(spans[0]?.attributes).toMatchObject({ 'url.path': '/one', 'network.protocol.version': '2' });
  expect(seen).toBe(`00-${TRACE}-${spans[0]?.spanId}-01`);
});

it('a receiver that is gone harms nothing, is said once, and what it did not get is counted', async () => {
  const gone = await receive();
  end(gone.server);
  const running = await serveTraced(gone.url, ['--admin-bind', '127.0.0.1:0']);
  const admin = await adminOf(running);
  for (let count = 0; count < 3; count++) expect((await get(running.at)).status).toBe(200);
  await running.waitForLog(/WARNING\].*Spans are lost, as http:\S+ \(--otlp-traces\) does not take them: \S/);
  const lost = async () =>
    Number(/^tsunicorn_spans_lost_total (\d+)$/m.exec((await get(admin, '/metrics')).body)?.[1]);
  await expect.poll(lost, SOON).toBe(3);
  await get(running.at);
  running.signal('SIGTERM');
  expect((await running.end()).status).toBe(0);
  expect(running.stderr.match(/Spans are lost/g)).toHaveLength(1);
});

it('an address that is none is refused', async () => {
  const refused = start(['app.mjs:app', '--otlp-traces', 'nonsense'], { files });
  expect((await refused.end()).status).toBe(1);
  expect(refused.stderr).toMatch(/--otlp-traces: expected an URL such as .*, got "nonsense"/);
});
