import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { outcome } from '../support/client.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { ask } from '../support/http-client.ts';
import { linesIn } from '../support/text.ts';
import { app, type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

// They wait until a limit is over.
tellTestsApart();

/** How many clients ask for short answers meanwhile. */
const CLIENTS = 10;
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=80' };

interface Case {
  readonly kind: 'async' | 'sync' | 'thread';
  readonly path: string;
  /** How many requests are in flight that are never answered. */
  readonly held: number;
  /** Whether the record of the worker's end says that no line is missing; null where only a thread ends. */
  readonly complete: boolean | null;
}

const cases: readonly Case[] = [
  { kind: 'async', path: '/exit', held: 100, complete: true },
  { kind: 'async', path: '/abort', held: 100, complete: true },
  { kind: 'async', path: '/throw', held: 100, complete: true },
  { kind: 'async', path: '/kill', held: 100, complete: false },
  { kind: 'async', path: '/heap', held: 100, complete: false },
  { kind: 'sync', path: '/exit', held: 0, complete: true },
  { kind: 'sync', path: '/abort', held: 0, complete: true },
  { kind: 'sync', path: '/throw', held: 0, complete: true },
  { kind: 'sync', path: '/kill', held: 0, complete: false },
  { kind: 'sync', path: '/heap', held: 0, complete: false },
  { kind: 'thread', path: '/exit', held: 3, complete: null },
  { kind: 'thread', path: '/throw', held: 3, complete: null },
  { kind: 'thread', path: '/heap', held: 3, complete: null },
  { kind: 'thread', path: '/abort', held: 3, complete: null },
  { kind: 'thread', path: '/kill', held: 3, complete: false },
];

/** Requests with a number each, and what became of them. */
class Asked {
  readonly outcomes = new Map<string, string>();
  readonly #url: string;
  #count = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async ask(path: string): Promise<void> {
    const name = `${path}?${this.#count++}`;
    this.outcomes.set(name, await outcome(ask({ url: this.#url, path: name })));
  }

  /** Asks one request after another until told to stop. */
  async keepAsking(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.ask('/short');
      await turn();
    }
  }

  named(path: string): string[] {
    return [...this.outcomes.keys()].filter((name) => name.startsWith(`${path}?`));
  }
}

/** Has a worker end with its requests in flight, and the service stop. Returns the requests and the lines. */
async function burst({ kind, path, held, complete }: Case) {
  const file = join(temporaryDirectory(), 'access.log');
  const args = ['-w', '1', '-k', kind, '--graceful-timeout', '1', '--log-format', 'json'];
  const log = ['--access-logfile', file, '--access-logformat', '%(U)s?%(q)s %(s)s'];
  const running = await serve(
    [...args, ...log, ...(kind === 'thread' ? ['--threads', `${held + 1}`] : []), app('dies.ts:app')],
    { env: path === '/heap' ? SMALL_HEAP : {} },
  );
  const asked = new Asked(running.at);
  let isOver = false;
  const clients = Array.from({ length: held }, () => asked.ask('/held'));
  await running.waitFor(() => running.stderr.split('holds a request').length > held, `${held} requests`);
  clients.push(...Array.from({ length: CLIENTS }, () => asked.keepAsking(() => isOver)));
  await running.waitFor(() => asked.outcomes.size >= 10 * CLIENTS, 'short answers');
  await asked.ask(path);
  const record = complete === null ? {} : await firstEnd(running);
  isOver = true;
  running.signal('SIGTERM');
  await running.end();
  await Promise.all(clients);
  return { asked, record, lines: linesIn(file).map((line) => line.split(' ')) };
}

async function firstEnd(running: Running): Promise<Record<string, unknown>> {
  const [line] = await running.waitForLog(/^.*"event":"worker-exited".*$/m);
  return JSON.parse(line);
}

describe.concurrent('no request has two lines, and none is missing that the record says is there', () => {
  it.each(cases)('$kind, $held requests in flight, $path', async (what) => {
    const { asked, record, lines } = await burst(what);
    const statuses = new Map(lines.map(([name = '', status = '']) => [name, status]));
    expect(statuses.size).toBe(lines.length);
    if (what.complete !== null) expect(record).toMatchObject({ accessComplete: what.complete });
    expect(asked.named('/held').map((name) => statuses.get(name))).toEqual(Array(what.held).fill('444'));
    // A request that was reset may never have been read, and has no line then.
    const answered = [...asked.outcomes].filter(([, end]) => /^\d+$/.test(end));
    const logged = answered.filter(([name]) => what.complete !== false || statuses.has(name));
    expect(logged.map(([name]) => [name, statuses.get(name)])).toEqual(logged);
  });
});
