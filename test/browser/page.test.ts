import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { onTestFinished } from '../support/current-test.ts';
import { adminOf } from '../support/metrics.ts';
import { deadlineMs } from '../support/patience.ts';
import { type Running, serve, start } from '../support/tsunicorn.ts';
import { chromiumPath, launch, looksRight, openPage, sees } from './chromium.ts';

const APP = `
export const app = (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const ms = Number(searchParams.get('ms') ?? 0);
  if (pathname === '/report') for (const end = Date.now() + ms; Date.now() < end; );
  if (pathname === '/throw') setImmediate(() => { throw new Error('the database is gone'); });
  setTimeout(() => response.end(String(process.pid)), pathname === '/slow' ? ms : 2);
};`;
const DIES = `
setTimeout(() => { throw new Error('cannot read properties of undefined (reading config)'); }, 300);
export const app = (request, response) => response.end('never for long');`;
const files = { 'app.mjs': APP, 'dies.mjs': DIES };
const ADMIN = ['--admin-bind', '127.0.0.1:0', '--control-socket', 'none'];
const TOKEN = { TSUNICORN_ADMIN_TOKEN: 'open-sesame' };

if (chromiumPath === null)
  process.stderr.write('No Chromium (apt-get install chromium): the page is NOT tested\n');

describe.skipIf(chromiumPath === null)('the page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  /** Requests beside the test, so that there is something to see. */
  function load({ at }: { readonly at: string }, path = '/'): void {
    const timer = setInterval(() => void get(at, path).catch(() => {}), 20);
    onTestFinished(() => clearInterval(timer));
  }

  async function look(running: Running, scene: string, sentence: RegExp) {
    const admin = await adminOf(running);
    const { page, faults } = await openPage(browser, admin);
    onTestFinished(() => page.close());
    await sees(page, sentence);
    await looksRight(page, scene);
    expect(faults).toEqual([]);
    return page;
  }

  it('a calm service', async () => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '4', '-n', 'shop'], { files });
    load(running);
    const page = await look(running, 'calm', /^All 4 workers serve\.$/);
    // A loop that is late for a moment, as on a busy machine, is a warning for as long.
    await expect.poll(() => page.title(), { timeout: deadlineMs() }).toMatch(/^✓ 4\/4 shop$/);
    await page.locator('#config summary').click();
    await page.locator('#settings th', { hasText: 'adminBind' }).waitFor();
    await page.locator('#sought').fill('booting worker');
    expect(await page.locator('#log li').count()).toBe(4);
  });

  it('a worker that is stalled is named with its request', async () => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '4', '-t', '300'], { files });
    load(running);
    get(running.at, '/report?ms=120000&secret=1').catch(() => {});
    const stalled = /slot \d has been blocked for (1[2-9]|[2-9]\d) s in GET \/report[.,;]/;
    const page = await look(running, 'stalled', stalled);
    expect(await page.content()).not.toContain('secret=1');
    running.signal('SIGKILL');
  });

  it('a crash loop', async () => {
    const running = start(['dies.mjs:app', ...ADMIN, '-w', '3'], { files });
    await look(running, 'crash-loop', /workers die again and again/);
    running.signal('SIGQUIT');
  });

  it('a service that drains', async () => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '4', '--graceful-timeout', '120'], { files });
    load(running);
    get(running.at, '/slow?ms=100000').catch(() => {});
    get(running.at, '/slow?ms=100000').catch(() => {});
    const admin = await adminOf(running);
    await expect
      .poll(async () => (await get(admin, '/status.json')).body, { timeout: deadlineMs() })
      .toMatch(/"inFlight":2/);
    running.signal('SIGTERM');
    await look(running, 'draining', /The service stops: .* left/);
    running.signal('SIGKILL');
  });

  it('32 workers', async () => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '32'], { files });
    load(running);
    await look(running, 'many', /^All 32 workers serve\.$/);
  });
  it('with the token: signs in, and reloads, scales and restarts from the page', async () => {
    const running = await serve(['app.mjs:app', ...ADMIN, '-w', '2'], { files, env: TOKEN });
    const admin = await adminOf(running);
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const { page } = await openPage(browser, admin, context);
    await page.locator('input[name=token]').fill('open-barley');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the token.').waitFor();
    await page.locator('input[name=token]').fill('open-sesame');
    await page.keyboard.press('Enter');
    await sees(page, /Both workers serve/);
    await looksRight(page, 'token');
    await page.locator('#count').fill('3');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Do it' }).click();
    await sees(page, /All 3 workers serve/);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('button', { name: 'Do it' }).click();
    await running.waitForLog(/Page: reload \(asked for by 127\.0\.0\.1\)/);
    await page.locator('#about', { hasText: 'generation 2' }).waitFor();
    await page.getByRole('button', { name: 'Restart the worker in slot 1' }).click();
    await page.getByRole('button', { name: 'Do it' }).click();
    await running.waitForLog(/Page: restart 1/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('input[name=token]').waitFor();
    expect((await context.cookies()).length).toBe(0);
  });
});
