import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { slowness } from '../support/patience.ts';
import { shareServer } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';

const app = join(root, 'test/fixtures/threads/node.ts:app');
// A thread that is replaced must be ready again before the next request has waited for too long.
const seconds = 0.5 * (await slowness());
const args = ['-k', 'thread', '--threads', '2', '--timeout', `${seconds}`, '-b', '127.0.0.1:0', app];
const record = (path: string) =>
  new RegExp(`\\[ERROR\\] Request timed out after [\\d.]+ s: GET ${path}; .*\\n((?: {4}.*\\n)+)`);

// Where the processors are busy the inspector may answer too late, which the record then says instead: such a test is run
// again.
describe('the record of a request that ran too long in its thread', () => {
  const server = shareServer(args, { cwd: root });

  it.each([
    ['an endless loop', '/loop', /blocked at:\n +at \S+ \(.*threads\/node\.ts:\d+:\d+\)\n/],
    [
      'a catastrophic regular expression',
      '/regex',
      /blocked at:\n +at \S+ \(.*threads\/node\.ts:\d+:\d+\)\n/,
    ],
    ['an answer that never comes', '/never', /the handler waits for something/],
  ])('says where the thread was: %s', { retry: 2 }, async (_what, path, lines) => {
    const from = server().stderr.length;
    expect((await ask({ url: server().at, path })).status).toBe(504);
    const [, block = ''] = await server().waitForLog(record(path), from);
    expect(block).toMatch(lines);
    expect((await ask({ url: server().at })).status).toBe(200);
  });
});

describe('the record in a JSON log', () => {
  const server = shareServer([...args, '--log-format', 'json'], { cwd: root });

  it('is one object with the request, its age and the stack, also for two at a time', {
    retry: 2,
  }, async () => {
    const from = server().stderr.length;
    const answers = await Promise.all(['/loop', '/regex'].map((path) => ask({ url: server().at, path })));
    expect(answers.map(({ status }) => status)).toEqual([504, 504]);
    for (const path of ['/loop', '/regex']) {
      const pattern = new RegExp(`^.*"path":"${path}".*Request timed out.*$`, 'm');
      const [line] = await server().waitForLog(pattern, from);
      const { level, request, ageMs, thread, stack, lines } = JSON.parse(line);
      expect({ level, request, thread, lines }).toEqual({
        level: 'error',
        request: { method: 'GET', path },
        thread: 'blocked',
        lines: undefined,
      });
      expect(ageMs).toBeGreaterThan(1000 * seconds - 1);
      expect(stack[0]).toMatch(/^at .*threads\/node\.ts:\d+/);
    }
  });
});
