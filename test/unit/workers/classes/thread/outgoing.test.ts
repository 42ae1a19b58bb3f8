import { IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { FromThread } from '../../../../../workers/classes/thread/messages.ts';
import { Outgoing } from '../../../../../workers/classes/thread/outgoing.ts';
import { ThreadSocket } from '../../../../../workers/classes/thread/socket.ts';
import { turns } from '../../../../support/wire.ts';
import { undated } from '../../thread/running.ts';

const peer = {
  remoteAddress: undefined,
  remotePort: undefined,
  remoteFamily: undefined,
  localAddress: undefined,
  localPort: undefined,
  localFamily: undefined,
  tls: null,
  trusted: true,
};

/** What is posted of an answer to a client of that version. */
async function postedBy(answer: (response: ServerResponse) => void, httpVersion = '1.1') {
  const posted: FromThread[] = [];
  const socket = new ThreadSocket(peer, 0);
  const request = new IncomingMessage(socket as never);
  Object.assign(request, {
    ...{ method: 'GET', httpVersion },
    ...{ httpVersionMajor: 1, httpVersionMinor: Number(httpVersion.at(-1)) },
  });
  const outgoing = new Outgoing({
    ...{ id: 1, request, socket, keepAlive: true },
    post: (message) => void posted.push(undated(message)),
    onSent: () => {},
    onHandled: () => false,
  });
  answer(outgoing.response);
  await turns(3);
  return posted;
}

describe('trailers', () => {
  const trailed = (response: ServerResponse) => {
    response.setHeader('Trailer', 'X-A, X-B').write('a');
    response.addTrailers({ 'X-A': '1', 'X-B': ['2', '3'] as unknown as string });
    response.end();
  };

  it('go with the end of an answer whose length is not said', async () => {
    const posted = await postedBy(trailed);
    expect(posted.map(({ type }) => type)).toEqual(['head', 'chunk', 'end']);
    expect(posted[0]).toMatchObject({ head: { headers: ['Trailer', 'X-A, X-B'] } });
    expect(posted[2]).toMatchObject({ trailers: ['X-A', '1', 'X-B', '2', 'X-B', '3'] });
  });

  it.each<[string, string, (response: ServerResponse) => void]>([
    ['of HTTP/1.0', '1.0', () => {}],
    ['that is told the length', '1.1', (response) => response.setHeader('Content-Length', '1')],
  ])('are refused to the handler for a client %s, as by Node', async (_what, version, prepare) => {
    await postedBy((response) => {
      prepare(response);
      expect(() => trailed(response)).toThrow('Trailers are invalid');
    }, version);
  });

  it('that may not be sent are refused to the handler', async () => {
    await postedBy((response) => {
      expect(() => response.addTrailers({ 'X-A': '\x01' })).toThrow('Invalid character');
    });
  });
});

describe('an answer before the answer', () => {
  it('is a message, and no part of the body', async () => {
    const posted = await postedBy((response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-a': '1' });
      response.writeInformation(110, { 'X-Progress': '50%' });
      response.writeProcessing();
      response.end('done');
    });
    expect(posted).toMatchObject([
      { type: 'interim', status: 103, headers: ['Link', '</a.css>; rel=preload', 'x-a', '1'] },
      { type: 'interim', status: 110, headers: ['X-Progress', '50%'] },
      { type: 'interim', status: 102, headers: [] },
      { type: 'answer', body: 'done' },
    ]);
  });

  it('that may not be sent is refused to the handler', async () => {
    await postedBy((response) => {
      expect(() => response.writeEarlyHints({ link: 'x' })).toThrow('must be an array or string of format');
    });
  });
});
