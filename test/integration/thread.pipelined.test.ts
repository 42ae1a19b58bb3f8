import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { shareServer } from '../support/shared.ts';
import { root } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const get = (path: string, head = 'Host: x') => `GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`;
const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi`;
const upgrade = (path: string) => get(path, 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket');

describe.each(['async', 'sync', 'thread'])('in class %s', (kind) => {
  const args = (name: string) => {
    const threads = kind === 'thread' ? ['--threads', '2'] : [];
    return ['-b', '127.0.0.1:0', '-k', kind, ...threads, `test/fixtures/apps/pipelined.ts:${name}`];
  };
  const servers = {
    node: shareServer(args('node'), { cwd: root }),
    fetching: shareServer(args('fetching'), { cwd: root }),
  };

  /** What a client gets that sends all of it at once, and which requests the application has run. */
  async function send(app: keyof typeof servers, text: string) {
    const server = servers[app]();
    const from = server.stderr.length;
    const wire = await wireTo(Number(new URL(server.at).port));
    wire.write(text);
    const got = await wire.ended;
    // What still runs is behind it; in class thread, in either thread.
    await Promise.all([1, 2, 3, 4].map(() => ask({ url: server.at, path: '/last' })));
    await server.waitForLog(/RAN \/last(?:[\s\S]*RAN \/last){3}/, from);
    const ran = [...server.stderr.slice(from).matchAll(/RAN (\S+)/g)].map(([, path]) => path);
    return {
      statuses: [...got.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      ran: ran.filter((path) => path !== '/last'),
    };
  }

  it.each([
    ['a Host that is none', 'fetching', get('/', 'Host: x:99999'), []],
    ['a target that is none', 'fetching', get('ftp://x/'), []],
    ['a Host that is no URL', 'fetching', get('/', 'Host: 1.2.3.999'), []],
    ['a Host that its handler fails at a moment later', 'node', get('/first', 'Host: 1.2.3.999'), ['/first']],
  ] as const)('nothing that was sent behind %s is run or answered', async (_what, app, first, ran) => {
    const text = first + get('/second') + post('/third') + get('/fourth');
    expect(await send(app, text)).toEqual({ statuses: ['400'], ran });
  });

  it('nothing is run behind an answer that closes its connection', async () => {
    expect(await send('node', get('/close') + post('/second') + get('/third'))).toEqual({
      statuses: ['200'],
      ran: ['/close'],
    });
  });

  it('nor is a WebSocket behind a request that is refused', async () => {
    const text = get('/first', 'Host: 1.2.3.999') + upgrade('/socket');
    expect(await send('node', text)).toEqual({ statuses: ['400'], ran: ['/first'] });
  });

  it.skipIf(kind === 'sync')('requests that are fine are run and answered one after another', async () => {
    const last = get('/fourth', 'Host: x\r\nConnection: close');
    expect(await send('node', get('/later') + post('/second') + get('/third') + last)).toEqual({
      statuses: ['200', '200', '200', '200'],
      ran: ['/later', '/second', '/third', '/fourth'],
    });
  });
});
