import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { root } from '../support/tsunicorn.ts';

/** The command of Debian's package `chromium`, or the one that CHROMIUM names; null where there is none. */
export const chromiumPath: string | null = find();

function find(): string | null {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const found = PATH.split(delimiter).map((directory) => join(directory, 'chromium'));
  return found.find((path) => existsSync(path)) ?? null;
}

/** Without its sandbox, which root cannot have. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox', '--disable-gpu'] });
}

/** A phone, a laptop, a wall screen. */
export const SIZES = [
  { name: 'phone', width: 360, height: 740 },
  { name: 'laptop', width: 1280, height: 800 },
  { name: 'wall', width: 2560, height: 1440 },
] as const;

/** Where pictures are kept for people to look at. */
const PICTURES = process.env.TSUNICORN_PICTURES ?? join(root, 'node_modules/.cache/page');

/** A page whose console and policy violations fail the test: `faults` has them. */
export async function openPage(browser: Browser, url: string, context?: BrowserContext) {
  const own = context ?? (await browser.newContext());
  const page = await own.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(request.url());
  });
  await page.goto(url);
  return { page, faults };
}

/** Waits until the figures are there and the health says what is expected. */
export async function sees(page: Page, sentence: RegExp): Promise<void> {
  await page.locator('#sentence').filter({ hasText: sentence }).waitFor({ timeout: 60_000 });
  await page.locator('#plots canvas').first().waitFor({ timeout: 20_000 });
}

/** Looks at the page in each size, dark and light: a picture of each, no scrolling sideways, and nothing that axe objects to. */
export async function looksRight(page: Page, scene: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  for (const { name, ...size } of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(150);
      await page.screenshot({ path: join(PICTURES, `${scene}-${name}-${colorScheme}.png`) });
      expect(await objections(page), `${scene}, ${name}, ${colorScheme}`).toEqual([]);
    }
    const widest = await page.evaluate('document.documentElement.scrollWidth');
    expect(widest, `${scene}, ${name}: no scrolling sideways`).toBeLessThanOrEqual(size.width);
  }
}

/** What axe-core objects to, a line each. It runs in a world of its own, which the policy of the page does not rule. */
async function objections(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  });
  const run = async (expression: string) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      ...{ expression, contextId: executionContextId, awaitPromise: true, returnByValue: true },
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await run(axe.source);
  const found = await run(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 120) + ' ' + (failureSummary ?? '').slice(0, 200)).slice(0, 3).join(' | ')))`,
  );
  await session.detach();
  return found as readonly string[];
}
