import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { root, serve } from '../support/tsunicorn.ts';

const shapes = join(root, 'test/fixtures/shapes');
const CLASSES = [['async'], ['sync'], ['thread', '--threads', '1']];

describe.each(CLASSES)('in class %s', (name, ...options) => {
  const served = (spec: string) => serve(['-k', name, ...options, join(shapes, spec)]);

  it.each([
    ['promise.cjs', 'promise'],
    ['instance.cjs', 'instance'],
    ['instance.cjs:handle', 'instance by its method'],
    ['proxy.cjs', 'proxy with 1 routes'],
    ['frameworks.mjs:loopback', 'loopback / true'],
    ['mistaken.mjs:markedNode', 'marked /'],
  ])('%s is served', async (spec, body) => {
    const running = await served(spec);
    expect(await ask({ url: running.at })).toMatchObject({ status: 200, body });
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/\[(WARNING|ERROR|CRITICAL)\]/);
  });

  it.each([
    ['fetchOfTwo', /it returned a Response; a fetch handler is exported as .*fetch\(app\)/],
    [
      'nodeOfAny',
      /failed with 'res\.writeHead is not a function'; a Node listener is exported as node\(app\)/,
    ],
  ])('%s is answered with 500, and the log says what to write, once', async (spec, line) => {
    const running = await served(`mistaken.mjs:${spec}`);
    for (let round = 0; round < 3; round++)
      expect(await ask({ url: running.at })).toMatchObject({ status: 500, body: 'Internal Server Error\n' });
    await running.waitForLog(line);
    expect(running.stderr.match(new RegExp(`\\[ERROR\\] .*${line.source}`, 'g'))).toHaveLength(1);
  });
});
