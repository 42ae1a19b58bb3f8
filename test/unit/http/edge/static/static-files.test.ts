import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FileHeads } from '../../../../../src/http/edge/static/file-head.ts';
import { OpenFiles } from '../../../../../src/http/edge/static/open-files.ts';
import { StaticFiles } from '../../../../../src/http/edge/static/static-files.ts';
import { FileTrouble } from '../../../../../src/http/edge/static/trouble.ts';
import { fs } from '../../../../../src/support/builtins.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { FakeLogger } from '../../../../support/fake-logger.ts';
import { startEngine } from '../../../../support/http-engine.ts';

/** Serves a directory of one file, `a.txt`, which has not changed for a while; `outside` is not served. */
async function serving() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'static-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [directory, outside] = [join(folder, 'public'), join(folder, 'outside')];
  mkdirSync(directory);
  mkdirSync(outside);
  const file = join(directory, 'a.txt');
  writeFileSync(file, 'first');
  await expect.poll(() => Date.now() - statSync(file).ctimeMs).toBeGreaterThan(150);
  const clock = new FakeClock();
  const files = new StaticFiles({
    ...{ roots: [{ path: '', directory }], rootPath: '', fallsThrough: false, maxAgeS: 0, clock },
    ...{ heads: new FileHeads(), openFiles: new OpenFiles() },
    trouble: new FileTrouble(new FakeLogger(), clock),
  });
  const engine = await startEngine({ handler: files.guard(() => {}) });
  const ask = async (headers = '') => {
    const head = `GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`;
    const text = await (await engine.send(head)).ended;
    return `${text.slice(9, 12)} ${text.slice(text.indexOf('\r\n\r\n') + 4)}`;
  };
  // Its head is made with the first, and it is read with the second.
  for (let times = 0; times < 2; times++) expect(await ask()).toBe('200 first');
  return { file, outside, clock, ask };
}

it('opens a small file again after a second, or when it has changed', async () => {
  const { file, clock, ask } = await serving();
  const open = vi.spyOn(fs, 'openSync');
  onTestFinished(() => open.mockRestore());
  expect(await ask()).toBe('200 first');
  expect(open).not.toHaveBeenCalled();
  await clock.advance(1000);
  expect(await ask()).toBe('200 first');
  expect(open).toHaveBeenCalledOnce();
  writeFileSync(file, 'other');
  expect(await ask()).toBe('200 other');
  writeFileSync(file, 'again');
  expect(await ask()).toBe('200 again');
  rmSync(file);
  expect(await ask()).toMatch(/^404 /);
});

it('sends nothing else through a link that leads out, and not for longer than a second what was inside', async () => {
  const { file, outside, clock, ask } = await serving();
  const there = join(outside, 'a.txt');
  writeFileSync(there, 'secret');
  rmSync(file);
  symlinkSync(there, file);
  expect(await ask()).toMatch(/^404 /);
  rmSync(file);
  writeFileSync(file, 'third');
  await expect.poll(() => Date.now() - statSync(file).ctimeMs).toBeGreaterThan(150);
  for (let times = 0; times < 3; times++) expect(await ask()).toBe('200 third');
  renameSync(file, there);
  symlinkSync(there, file);
  expect(await ask()).toMatch(/^404 /);
  writeFileSync(there, 'new secret');
  expect(await ask()).toMatch(/^404 /);
  await clock.advance(1000);
  expect(await ask()).toMatch(/^404 /);
});

it('finds what is compressed within a second', async () => {
  const { file, clock, ask } = await serving();
  const br = 'Accept-Encoding: br\r\n';
  expect(await ask(br)).toBe('200 first');
  writeFileSync(`${file}.br`, 'compressed');
  await clock.advance(1000);
  expect(await ask(br)).toBe('200 compressed');
  expect(await ask()).toBe('200 first');
  rmSync(`${file}.br`);
  expect(await ask(br)).toBe('200 first');
});

it('has few files open for many conditional requests at once, and answers all of them', async () => {
  const { ask } = await serving();
  let [open, most] = [0, 0];
  const { openSync, closeSync } = fs;
  const opened = vi.spyOn(fs, 'openSync').mockImplementation((...args) => {
    open++;
    most = Math.max(most, open);
    return openSync(...args);
  });
  const closed = vi.spyOn(fs, 'closeSync').mockImplementation((fd) => {
    open--;
    closeSync(fd);
  });
  onTestFinished(() => {
    opened.mockRestore();
    closed.mockRestore();
  });
  const since = 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n';
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(since)));
  expect(new Set(answers)).toEqual(new Set(['200 first']));
  expect(most).toBeLessThanOrEqual(64);
  expect(open).toBe(0);
});
