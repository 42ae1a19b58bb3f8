import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type Input, type ReadOptions, wsgi } from '../../../src/index.ts';
import { openClient, serveGateway, text } from './gateway.ts';

/** Serves an application that answers with what `read` makes of its input, as JSON. */
function reading(read: (input: Input) => Promise<unknown>) {
  return serveGateway(
    wsgi(async (environ, startResponse) => {
      const got = await read(environ['wsgi.input']);
      startResponse('200 OK', text);
      return [JSON.stringify(got)];
    }),
  );
}

async function post(url: string, body: string): Promise<readonly [status: number, text: string]> {
  const answer = await fetch(url, { method: 'POST', body });
  return [answer.status, await answer.text()];
}

async function stream(input: AsyncIterable<Uint8Array>): Promise<string> {
  return (await buffer(input)).toString();
}

describe('wsgi.input', () => {
  it.each<[string, (input: Input) => Promise<unknown>, unknown]>([
    ['as text', (input) => input.text(), '{"a":"é"}'],
    ['as JSON', (input) => input.json(), { a: 'é' }],
    ['as bytes', async (input) => (await input.bytes()).length, 10],
    ['as a stream', (input) => stream(input), '{"a":"é"}'],
    [
      'twice, where it was read whole',
      async (input) => [await input.json(), await stream(input)],
      [{ a: 'é' }, '{"a":"é"}'],
    ],
  ])('is read %s', async (_how, read, got) => {
    const { url } = await reading(read);
    expect(await post(url, '{"a":"é"}')).toEqual([200, JSON.stringify(got)]);
  });

  it('is empty where there is no body', async () => {
    const { url } = await reading((input) => input.text());
    expect(await (await fetch(url)).text()).toBe('""');
  });

  it('may be left after its first part, and the answer still goes out', async () => {
    const { url } = await reading(async (input) => {
      for await (const chunk of input) return chunk.length > 0;
      return false;
    });
    expect(await post(url, 'x'.repeat(300_000))).toEqual([200, 'true']);
  });

  it('is not read whole when it was read as a stream', async () => {
    const { url, errors } = await reading(async (input) => {
      await stream(input);
      return input.text();
    });
    expect(await post(url, 'x')).toEqual([500, '']);
    expect(String(errors[0])).toContain('wsgi.input was read as a stream');
  });

  it.each<[string, number, ReadOptions | undefined]>([
    ['1 MiB by default', 1024 * 1024, undefined],
    ['what the application says', 10, { limit: 10 }],
  ])('is bounded to %s, and a larger body is answered with 413', async (_what, limit, options) => {
    const { url, errors } = await reading(async (input) => (await input.text(options)).length);
    expect(await post(url, 'x'.repeat(limit))).toEqual([200, String(limit)]);
    const message = `The request's body is larger than ${limit} bytes\n`;
    expect(await post(url, 'x'.repeat(limit + 1))).toEqual([413, message]);
    expect(errors).toEqual([]);
  });

  it('is bounded where the length is not known beforehand', async () => {
    const served = await reading((input) => input.text({ limit: 4 }));
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    const answer = await served.raw(`${head}3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 Payload Too Large\r\nConnection: close\r\n/);
  });

  it('that is not JSON is answered with 400', async () => {
    const { url, errors } = await reading((input) => input.json());
    const [status, message] = await post(url, '{nope');
    expect(status).toBe(400);
    expect(message).toMatch(/^The request's body is not JSON: /);
    expect(errors).toEqual([]);
  });

  it('lets the application answer such bodies itself', async () => {
    const { url } = await reading((input) => input.json().catch((error: Error) => error.name));
    expect(await post(url, '{nope')).toEqual([200, '"InputError"']);
  });

  it('rejects when its client goes away, which is no error of the application', async () => {
    const rejected = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const served = await reading(async (input) => {
      begun.resolve();
      try {
        return await input.text();
      } catch (error) {
        rejected.resolve(error);
        throw error;
      }
    });
    const client = openClient(served, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
    await begun.promise;
    client.destroy();
    await once(client, 'close');
    expect(String(await rejected.promise)).toMatch(/aborted/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(served.errors).toEqual([]);
  });
});
