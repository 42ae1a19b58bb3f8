import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { type Served, shareServers } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';

const fixtures = join(root, 'test/fixtures/contexts');
const classes = ['async', 'sync', 'thread'] as const;
const shapes = ['node.ts:app', 'fetch.ts:app', 'gateway.ts:app'];

const cases = classes.flatMap((name) => shapes.map((shape) => [name, shape] as const));
const servers = shareServers(
  cases.map(([name, shape]) => [
    ...(name === 'thread' ? ['-k', name, '--threads', '2'] : ['-k', name]),
    shape,
  ]),
  { cwd: fixtures },
);

/** The line of the teardown of a request. */
const torn = (server: Served, path: string, from: number) =>
  server.waitForLog(new RegExp(`\\[([^\\]]+)\\] teardown of ${path.replace('?', '\\?')}: (.*)`), from);

describe.each(cases.map(([name, shape], index) => [name, shape, servers[index] as () => Served] as const))(
  'class %s, %s',
  (_name, shape, server) => {
    const at = (path: string) => ({ url: server().at, path });

    it('knows the request, the application and what was put into g', async () => {
      const headers = { 'x-request-id': 'given-1' };
      const { body } = await ask({ ...at('/seen?q'), headers });
      expect(JSON.parse(body)).toEqual({
        ...{ id: 'given-1', method: 'GET', url: '/seen?q', originalUrl: '/seen?q', baseUrl: '' },
        ...{ at: { path: '/', isSame: true }, g: { user: 'ada' } },
      });
    });

    it('makes an id of its own where none is given, or one that is no id', async () => {
      const ids = [{}, {}, { 'x-request-id': 'a b' }, { 'x-request-id': 'x'.repeat(129) }].map(
        async (headers) => JSON.parse((await ask({ ...at('/seen'), headers })).body).id,
      );
      const made: readonly string[] = await Promise.all(ids);
      expect(new Set(made).size).toBe(4);
      for (const id of made) expect(id).toMatch(/^[\da-z]{12}-[\da-z]+$/);
    });

    it('changes the head of the answer by afterRequest()', async () => {
      const { headers, body } = await ask({ ...at('/after'), headers: { 'x-request-id': 'given-2' } });
      expect({ one: headers['x-one'], id: headers['x-request-id'], body }).toEqual({
        ...{ one: '1', id: 'given-2', body: 'after' },
      });
    });

    it('runs teardown() after an error, with it', async () => {
      const from = server().stderr.length;
      expect((await ask(at('/throws'))).status).toBe(500);
      expect((await torn(server(), '/throws', from))[2]).toBe('Error: thrown on purpose');
    });

    it('runs teardown() when the stream of the answer has ended', async () => {
      const from = server().stderr.length;
      const { body } = await ask({ ...at('/stream'), headers: { 'x-request-id': 'given-3' } });
      expect(body).toBe('1\n2\n3\n');
      expect((await torn(server(), '/stream', from)).slice(1)).toEqual(['given-3', 'null']);
      expect(server().stderr.slice(from)).toMatch(
        /\[given-3\] the stream ends\n.*\[given-3\] teardown of \/stream: null/,
      );
    });

    it.skipIf(shape === 'gateway.ts:app')('forwards to another of its requests', async () => {
      const path = shape === 'node.ts:app' ? '/forward?/seen' : '/forward';
      const from = server().stderr.length;
      const { status, body } = await ask({ ...at(path), headers: { 'x-request-id': 'given-4' } });
      expect(status).toBe(200);
      const inner = shape === 'node.ts:app' ? JSON.parse(body).body : body;
      expect(JSON.parse(inner)).toMatchObject({ id: 'given-4', method: 'POST', originalUrl: '/seen' });
      await torn(server(), '/seen', from);
      await torn(server(), path, from);
    });
  },
);
