import http from 'node:http';
import { expect, it } from 'vitest';
import { decode } from '../../src/page/history/ring.ts';
import { get } from '../support/client.ts';
import { onTestFinished } from '../support/current-test.ts';
import { addressOf } from '../support/load.ts';
import { adminOf } from '../support/metrics.ts';
import { endWithTest, serve } from '../support/tsunicorn.ts';

const files = { 'app.mjs': `export const app = (request, response) => response.end('yes');` };
const ADMIN = ['--admin-bind', '127.0.0.1:0', '--control-socket', 'none'];

/** The history that the page asks for. */
async function historyOf(admin: string) {
  const answer = await fetch(`${admin}/page/history`);
  return decode(new Uint8Array(await answer.arrayBuffer()));
}

/** What a browser, or another site in it, asks for. */
function post(admin: string, path: string, headers: Readonly<Record<string, string>>, body = '') {
  const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${body.length}` };
  const options = { ...addressOf(admin), path, method: 'POST', headers: { ...type, ...headers } };
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    const sent = http.request(options, resolve).on('error', reject);
    sent.end(body);
  });
}

/** The first message of the stream, as a browser with that cookie gets it. */
function helloTo(admin: string, cookie: string): Promise<{ readonly actions: { readonly csrf: string } }> {
  return new Promise((resolve, reject) => {
    const sent = http.get({ ...addressOf(admin), path: '/page/stream', headers: { cookie } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const [, hello] = /^event: hello\ndata: (.*)\n\n/.exec(text) ?? [];
        if (hello !== undefined) resolve(JSON.parse(hello));
      });
      response.on('error', () => {});
    });
    sent.on('error', reject);
    onTestFinished(() => void sent.destroy());
  });
}

it('the page loads nothing from elsewhere, and its history survives an upgrade', async () => {
  const running = await serve(['app.mjs:app', ...ADMIN], { files });
  const admin = await adminOf(running);
  const { headers, body } = await get(admin, '/');
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; connect-src 'self'/,
  );
  expect(body).toContain('tsunicorn');
  expect(body).not.toMatch(/(?:src|href)="(?!data:|#)/);
  await expect
    .poll(async () => (await historyOf(admin))?.samples.length ?? 0, { timeout: 30_000 })
    .toBeGreaterThan(1);
  const [oldest] = (await historyOf(admin))?.samples ?? [];
  running.signal('SIGUSR2');
  const [, pid = ''] = await running.waitForLog(/new arbiter \(pid: (\d+)\) serves/);
  endWithTest(Number(pid));
  running.signal('SIGTERM');
  await running.waitForLog(/the upgrade is complete/);
  await expect
    .poll(async () => (await historyOf(admin))?.samples[0]?.at, { timeout: 30_000 })
    .toBe(oldest?.at);
});

it('only the page of somebody who gave the token changes the service, and the log says who', async () => {
  const env = { TSUNICORN_ADMIN_TOKEN: 'open-sesame' };
  const running = await serve(['app.mjs:app', ...ADMIN], { files, env });
  const admin = await adminOf(running);
  const { host } = new URL(admin);
  await running.waitForLog(
    /WARNING\] TSUNICORN_ADMIN_TOKEN.* is only 11 characters long, and can be guessed; take/,
  );
  const bearer = async (token: string, path: string) =>
    (await fetch(`${admin}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await bearer('open-sesame', '/status.json')).toBe(200);
  for (let guess = 0; guess < 10; guess++)
    expect(await bearer(`${guess}`, guess % 2 === 0 ? '/status.json' : '/page/history')).toBe(401);
  await running.waitForLog(/WARNING\] A wrong token was sent in a header \(from 127\.0\.0\.1\)/);
  // Others behind the same address are not locked out: who has the right one, or needs none, gets an answer.
  expect(await bearer('10', '/status.json')).toBe(429);
  expect(await bearer('open-sesame', '/status.json')).toBe(200);
  expect(await bearer('open-barley', '/metrics')).toBe(200);
  expect((await get(admin, '/page/history')).status).toBe(401);
  expect((await post(admin, '/page/login', {}, 'token=open-barley')).headers['set-cookie']).toBe(undefined);
  await running.waitForLog(/WARNING\] Page: a wrong token was given \(from 127\.0\.0\.1\)/);
  // Who guesses there has had its ten; that does not concern who knows.
  for (let guess = 1; guess < 10; guess++) await post(admin, '/page/login', {}, `token=${guess}`);
  expect((await post(admin, '/page/login', {}, 'token=open-barley')).statusCode).toBe(429);
  const foreign = { origin: 'http://evil.example' };
  expect((await post(admin, '/page/login', foreign, 'token=open-sesame')).statusCode).toBe(403);
  const signedIn = await post(admin, '/page/login', { origin: `http://${host}` }, 'token=open-sesame');
  const [setCookie = ''] = signedIn.headers['set-cookie'] ?? [];
  expect(setCookie).toMatch(/; HttpOnly; SameSite=Strict$/);
  expect(setCookie).not.toContain('open-sesame');
  const [cookie = ''] = setCookie.split(';');
  const { actions } = await helloTo(admin, cookie);
  const behindProxy = { headers: { cookie, authorization: 'Bearer of-the-proxy' } };
  expect((await fetch(`${admin}/page/history`, behindProxy)).status).toBe(200);
  const own = { cookie, 'x-csrf-token': actions.csrf };
  expect((await post(admin, '/page/scale?count=2', { cookie })).statusCode).toBe(403);
  expect((await post(admin, '/page/scale?count=2', { ...own, ...foreign })).statusCode).toBe(403);
  expect((await post(admin, '/page/scale?count=nonsense', own)).statusCode).toBe(400);
  expect((await post(admin, '/page/scale?count=2', own)).statusCode).toBe(200);
  await running.waitForLog(/Page: scale 2 \(asked for by 127\.0\.0\.1\)/);
  await running.waitForWorkers(2);
});
