import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerWithError, preferredForm } from '../../../../workers/develop/error-page.ts';
import type { Answer } from '../../../support/client.ts';

/** The answer of a server that fails with `error` whatever it is asked. */
async function answerTo(error: unknown, path: string, headers: Readonly<Record<string, string>> = {}) {
  return served((request, response) => void answerWithError(error, request, response), path, headers);
}

async function served(
  listener: RequestListener,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const answer = await fetch(`http://127.0.0.1:${address.port}${path}`, { headers });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
  };
}

describe('an error with --debug', () => {
  it.each([
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/json, text/html;q=0.5', 'json'],
    ['text/html;q=0', 'text'],
    ['text/plain', 'text'],
    ['*/*', 'text'],
    ['', 'text'],
    ['text/html;q=nonsense, application/json;q=0.1', 'json'],
  ])('is told to who accepts %j as %s', (accept, form) => {
    expect(preferredForm(accept)).toBe(form);
  });

  it('is text with the place and the source line for a command line', async () => {
    const { status, headers, body } = await answerTo(new TypeError('no such shop'), '/');
    expect(status).toBe(500);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(body).toContain('TypeError: no such shop');
    expect(body).toMatch(/error-page\.test\.ts:\d+:\d+\n\d+ \| .*no such shop.*\n +\| +\^/);
  });

  it('is JSON for a programme', async () => {
    const { body } = await answerTo(new TypeError('no'), '/', { accept: 'application/json' });
    expect(JSON.parse(body)).toMatchObject({ error: { name: 'TypeError', message: 'no' } });
  });

  it('is a page with the source line for a browser, in which nothing of the error is markup', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const error = Object.assign(new TypeError(evil, { cause: new Error(evil) }), {
      hint: evil,
      help: evil,
      code: evil,
    });
    error.name = evil;
    error.stack = `${evil}: x\n    at ${evil} (/tmp/<svg onload=alert>"'.ts:1:1)${error.stack?.replace(/^[\s\S]*?\n/, '\n')}`;
    const path = `/<script>alert(1)</script>?a="'><script>`;
    const { headers, body } = await served(
      (request, response) => {
        request.url = path;
        void answerWithError(error, request, response);
      },
      '/',
      { accept: 'text/html', cookie: `a=${evil}`, 'x-evil': evil },
    );
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'nonce-/);
    expect(body).toContain('error-page.test.ts');
    expect(body).toContain('&lt;img src=x');
    expect(body).not.toMatch(/<img src=x|<svg onload|<script>alert|"'><script>/);
    const nonce = /nonce-([^']+)'/.exec(String(headers['content-security-policy']))?.[1] ?? '';
    for (const [tag] of body.matchAll(/<(?:script|style)\b[^>]*>/g))
      expect(tag).toContain(`nonce="${nonce}"`);
  });

  it('is a plain 500 where the error itself cannot be read', async () => {
    const error = new Error('x');
    Object.defineProperty(error, 'stack', {
      get() {
        throw new Error('no stack for you');
      },
    });
    const { status, body } = await answerTo(error, '/', { accept: 'text/html' });
    expect(status).toBe(500);
    expect(body).not.toContain('no stack for you');
  });

  it('shows what was thrown that is no error', async () => {
    for (const thrown of [undefined, null, 'no', { reason: 'no' }]) {
      const { status } = await answerTo(thrown, '/', { accept: 'text/html' });
      expect(status).toBe(500);
    }
    expect((await answerTo('just words', '/')).body).toContain('just words');
  });
});
