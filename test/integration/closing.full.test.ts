import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { install, Unreachable } from '../compatibility/install.ts';
import { ask } from '../support/http-client.ts';
import { type Running, serve } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const LIBRARIES = ['http-terminator', 'stoppable', 'http-shutdown', 'close-with-grace', '@godaddy/terminus'];

const folder = await install('closing').catch((error: unknown) => {
  if (!(error instanceof Unreachable)) throw error;
  console.warn('NOT RUN: the registry cannot be reached, which has the libraries that close servers');
  return null;
});

const serveWith = (library: string) =>
  serve([join(folder ?? '', 'server.cjs'), '--graceful-timeout', '20'], { env: { LIBRARY: library } });

/** A kept connection whose request is answered. */
async function idle({ at }: Running & { at: string }) {
  const wire = await wireTo(Number(new URL(at).port));
  wire.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await wire.until(/hello$/);
}

describe.skipIf(folder === null).each(LIBRARIES)('a program that %s closes', (library) => {
  it('is stopped: what is under way is answered, and then the library closes the server', async () => {
    const running = await serveWith(library);
    await idle(running);
    const last = ask({ url: running.at, path: '/last' });
    if (library === '@godaddy/terminus')
      expect((await ask({ url: running.at, path: '/health' })).body).toContain('healthy');
    await ask({ url: running.at });
    running.signal('SIGTERM');
    expect(await last).toMatchObject({ status: 200, body: 'the last' });
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stdout).toBe('its server has closed\nthe library is done\n');
    expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to/);
  });

  it('is reloaded with what is under way', async () => {
    const running = await serveWith(library);
    const [old = 0] = running.workers();
    const last = ask({ url: running.at, path: '/last' });
    await ask({ url: running.at });
    running.signal('SIGHUP');
    expect(await last).toMatchObject({ status: 200, body: 'the last' });
    await running.waitForLog(new RegExp(`Worker exiting \\(pid: ${old}\\): replaced by another generation`));
    await running.waitFor(() => running.stdout.includes('the library is done'), 'the library');
    expect((await ask({ url: running.at })).body).toBe('hello');
    expect(running.stderr).not.toMatch(/ERROR|WARNING|without being told to/);
  });
});
