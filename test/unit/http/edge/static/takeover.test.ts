import { createServer, get, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { watchHead } from '../../../../../src/http/edge/static/takeover.ts';

async function bodyFrom(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    return await new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', agent: false }, (answer) => resolve(text(answer))).once('error', reject);
    });
  } finally {
    server.close();
  }
}

/** What a client gets where the answer in place of the application's comes late. */
function bodyAfter(application: (response: ServerResponse) => void): Promise<string> {
  return bodyFrom((_, response) => {
    watchHead(response, ['x-file'], (_name, value, own) => {
      setImmediate(() => {
        own.setHeader('X-Late', '1');
        own.write(`the file ${value}`);
        setImmediate(() => own.end('.'));
      });
    });
    response.setHeader('X-File', 'a');
    application(response);
  });
}

it('what the application sends behind its end changes nothing of the answer in its place', async () => {
  const codes: unknown[] = [];
  const note = (error?: (Error & { code?: string }) | null) => codes.push(error?.code);
  const answer = bodyAfter((response) => {
    response.write('body', note);
    response.end(note);
    expect(response.write('late', note)).toBe(false);
    response.writeHead(500, { 'X-Own': '1' });
    response.flushHeaders();
    response.end('again', note);
    // Between the pieces of the other answer too.
    setImmediate(() => setImmediate(() => response.end('later')));
  });
  expect(await answer).toBe('the file a.');
  expect(codes).toEqual([undefined, undefined, 'ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_ALREADY_FINISHED']);
});

it('an answer that names no file goes its way', async () => {
  const own = (response: ServerResponse) => {
    response.removeHeader('X-File');
    response.write('own ');
    response.end('body');
    response.end();
  };
  expect(await bodyAfter(own)).toBe('own body');
});
