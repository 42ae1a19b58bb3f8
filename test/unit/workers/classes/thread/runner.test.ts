import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Handler } from '../../../../../src/app/application.ts';
import { type RequestMessage, SMALL_BODY, WINDOW } from '../../../../../workers/classes/thread/messages.ts';
import { USER } from '../../../../../workers/classes/thread/socket.ts';
import { turns } from '../../../../support/wire.ts';
import { answerOf, runnerOver } from '../../thread/running.ts';

describe('the answer', () => {
  it('is one message where the handler completes it at once', async () => {
    const posted = await answerOf((_req, res) => res.setHeader('X-Case', 'kept').end('hello'));
    expect(posted).toEqual([
      {
        type: 'answer',
        id: 1,
        head: {
          status: 200,
          message: 'OK',
          headers: ['X-Case', 'kept'],
          length: 5,
          closes: false,
          without: [],
        },
        body: 'hello',
      },
    ]);
  });

  it.each<[string, (res: ServerResponse) => void, number, string[]]>([
    ['an object', (res) => res.writeHead(201, { 'X-A': '1' }), 201, ['X-A', '1']],
    ['names and values in turn', (res) => res.writeHead(202, ['X-B', '1']), 202, ['X-B', '1']],
    [
      'several values',
      (res) => res.setHeader('Set-Cookie', ['a=1', 'b=2']),
      200,
      ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    ],
  ])('keeps headers that are given as %s', async (_what, head, status, headers) => {
    const [answer] = await answerOf((_req, res) => {
      head(res);
      res.end();
    });
    expect(answer).toMatchObject({ head: { status, headers } });
  });

  it('has the bytes as they were written where the handler chose chunked framing itself', async () => {
    const [answer] = await answerOf((_req, res) => {
      res.setHeader('Transfer-Encoding', 'chunked');
      res.write('a');
      res.end(Buffer.from([98]));
    });
    expect(answer).toMatchObject({ head: { headers: ['Transfer-Encoding', 'chunked'] } });
    expect(answer?.type === 'answer' && Buffer.from(answer.body).toString()).toBe('ab');
  });

  it.each(['latin1', 'base64', 'hex'] as const)('decodes a body written as %s', async (encoding) => {
    const [answer] = await answerOf((_req, res) => res.end(Buffer.from('é').toString(encoding), encoding));
    expect(answer?.type === 'answer' && Buffer.from(answer.body).toString()).toBe('é');
  });

  it('has no length of its own where there is no body to have it', async () => {
    const [head] = await answerOf((_req, res) => res.end('hello'), { method: 'HEAD' });
    const [nothing] = await answerOf((_req, res) => res.writeHead(204).end());
    expect(head).toMatchObject({ head: { headers: [] }, body: '' });
    expect(nothing).toMatchObject({ head: { headers: [], length: null }, body: '' });
  });

  it('streams what the handler completes later, with its trailers', async () => {
    const posted = await answerOf(async (_req, res) => {
      res.write('first');
      await turns(2);
      res.addTrailers({ 'X-Sum': '1' });
      res.end('last');
    });
    expect(posted.map(({ type }) => type)).toEqual(['head', 'chunk', 'chunk', 'end']);
    expect(posted.at(-1)).toMatchObject({ trailers: ['X-Sum', '1'] });
  });

  it('says how long a large one is, and sends no more than the window before any of it is taken', async () => {
    const { posted, ask, runner } = runnerOver((_req, res) => res.end(Buffer.alloc(WINDOW * 2)));
    ask();
    await turns(5);
    const sent = () => posted.reduce((sum, it) => sum + (it.type === 'chunk' ? it.data.length : 0), 0);
    expect(posted[0]).toMatchObject({
      type: 'head',
      head: { headers: [], length: WINDOW * 2 },
    });
    expect(sent()).toBe(WINDOW);
    runner.handle({ type: 'taken', id: 1, bytes: WINDOW });
    await turns(5);
    expect(sent()).toBe(WINDOW * 2);
    expect(posted.at(-1)?.type).toBe('end');
  });

  it('tells a handler that waits for drain, and is no longer in need of it', async () => {
    const seen: boolean[] = [];
    const { ask, runner } = runnerOver(async (_req, res) => {
      while (res.write(Buffer.alloc(SMALL_BODY)));
      await once(res, 'drain');
      seen.push(res.writableNeedDrain);
    });
    ask();
    await turns(5);
    for (let round = 0; round < 4; round++) {
      runner.handle({ type: 'taken', id: 1, bytes: WINDOW });
      await turns(5);
    }
    expect(seen).toEqual([false]);
  });

  it.each<[string, Handler]>([
    [
      'throws',
      () => {
        throw new Error('on purpose');
      },
    ],
    ['rejects', () => Promise.reject(new Error('on purpose'))],
    [
      'throws what cannot travel',
      () => {
        throw Object.assign(new Error('on purpose', { cause: () => {} }));
      },
    ],
  ])('is a failure where the handler %s', async (_what, handler) => {
    const posted = await answerOf(handler);
    expect(posted).toEqual([
      { type: 'failed', id: 1, error: expect.objectContaining({ message: 'on purpose' }) },
    ]);
  });

  it('is cut where the application destroys the connection', async () => {
    expect(await answerOf((req) => req.socket.destroy())).toEqual([{ type: 'cut', id: 1 }]);
  });
});

describe('the request', () => {
  it('is what came, by the rules of Node', async () => {
    const seen: IncomingMessage[] = [];
    await answerOf(
      (req) => {
        seen.push(req);
      },
      { method: 'PUT', url: '/a?b', rawHeaders: ['Cookie', 'a=1', 'COOKIE', 'b=2', 'X-Y', 'z'] },
    );
    expect(seen[0]?.headers).toEqual({ cookie: 'a=1; b=2', 'x-y': 'z' });
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      url: '/a?b',
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      socket: { remoteAddress: '192.0.2.7', remotePort: 4711 },
    });
  });

  it('is complete once the handler has been called, as in Node', async () => {
    const seen: unknown[] = [];
    await answerOf(
      (req, res) => {
        seen.push(req.complete, req.readableLength);
        process.nextTick(() => seen.push(req.complete, req.readableLength));
        setImmediate(() => res.end());
      },
      { body: Buffer.from('hello') },
    );
    expect(seen).toEqual([false, 0, true, 5]);
  });

  it('has a body that came with it, or in parts that are reported when they are taken', async () => {
    const echo: Handler = async (req, res) => res.end((await text(req)) + (req.trailers['x-sum'] ?? ''));
    const whole = new Uint8Array(Buffer.from('whole'));
    expect(await answerOf(echo, { body: whole })).toMatchObject([{ body: 'whole' }]);

    const { posted, ask, runner } = runnerOver(echo);
    ask({ body: 'streams', method: 'POST' });
    runner.handle({ type: 'chunk', id: 1, data: new Uint8Array(Buffer.from('in ')) });
    await turns(5);
    runner.handle({ type: 'chunk', id: 1, data: new Uint8Array(Buffer.from('parts')) });
    runner.handle({ type: 'end', id: 1, rawTrailers: ['X-Sum', '!'] });
    await turns(5);
    expect(posted.at(-1)).toMatchObject({ type: 'answer', body: 'in parts!' });
    expect(posted[0]).toEqual({ type: 'taken', id: 1, bytes: 3 });
  });

  it('ends as Node ends it when the client has gone, and its thread is free once the handler is', async () => {
    const events: string[] = [];
    const { posted, ask, runner } = runnerOver(async (req, res) => {
      req.on('error', ({ message }) => events.push(`req error ${message}`));
      req.on('close', () => events.push('req close'));
      res.on('close', () => events.push('res close'));
      await once(res, 'close');
      await turns(3);
      events.push('handler ended');
    });
    ask();
    runner.handle({ type: 'abort', id: 1, error: null });
    await turns(10);
    expect(events).toEqual(expect.arrayContaining(['res close', 'req close', 'handler ended']));
    expect(posted).toEqual([{ type: 'released', id: 1 }]);
  });

  it('ends where its client has gone and taken no more of the answer', async () => {
    const events: string[] = [];
    const { ask, runner } = runnerOver((req, res) => {
      req.once('close', () => events.push('req close'));
      res.once('close', () => events.push('res close'));
      res.write(Buffer.alloc(2 * WINDOW));
    });
    ask();
    await turns(2);
    runner.handle({ type: 'abort', id: 1, error: null });
    await turns(10);
    expect(events.toSorted()).toEqual(['req close', 'res close']);
  });

  it.each<[string, Partial<RequestMessage>, Handler, boolean]>([
    ['has gone', {}, (_req, res) => void res.write('begun'), true],
    ['has gone, whose answer waits', {}, (_req, res) => void res.write(Buffer.alloc(2 * WINDOW)), true],
    ['has got its answer', { keepAlive: false }, (_req, res) => res.end('whole'), false],
  ])(
    'is heard to be over before the thread ends, where the client %s',
    async (_what, given, handler, goes) => {
      const events: string[] = [];
      const { ask, runner } = runnerOver((req, res) => {
        req.socket.once('close', () => events.push('socket close'));
        req.once('close', () => events.push('req close'));
        res.once('close', () => events.push('res close'));
        return handler(req, res);
      });
      ask(given);
      // One for what is written.
      await new Promise(process.nextTick);
      if (goes) runner.handle({ type: 'abort', id: 1, error: null });
      await runner.close();
      expect(events).toEqual(expect.arrayContaining(['res close', 'req close', 'socket close']));
    },
  );
});

it('leaves nothing at the socket of a request that is over', async () => {
  const sockets: unknown[] = [];
  await answerOf((req, res) => {
    sockets.push(req.socket);
    res.end();
  });
  expect(sockets).toEqual([expect.objectContaining({ [USER]: null, _httpMessage: null })]);
});
