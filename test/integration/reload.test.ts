import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { request } from '../support/load.ts';
import { type Running, serve, start, temporaryDirectory } from '../support/tsunicorn.ts';

const text = (body: string) => `export const app = (req, res) => res.end(${JSON.stringify(body)});\n`;

async function served(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  return serve(['app.mjs:app', ...args], { files });
}

function write(running: Running, name: string, content: string): void {
  // Renamed into place, so that no worker ever imports half a file.
  const temporary = join(running.cwd, `${name}~`);
  writeFileSync(temporary, content);
  renameSync(temporary, join(running.cwd, name));
}

async function body(at: string): Promise<string> {
  return (await get(at)).body;
}

describe('HUP', () => {
  it('serves the new code with new workers under the same arbiter', async () => {
    const running = await served({ 'app.mjs': text('one') }, ['-w', '2']);
    const before = running.workers();
    write(running, 'app.mjs', text('two'));
    running.signal('SIGHUP');
    await running.waitFor(() => !running.workers().some((pid) => before.includes(pid)), 'new workers');
    expect(await body(running.at)).toBe('two');
    expect(running.workers()).toHaveLength(2);
  });

  it('re-reads the config file: the number of workers, and TTIN until it changes', async () => {
    const config = (workers: number, extra = '') => `export default { workers: ${workers}${extra} };\n`;
    const running = await served({ 'app.mjs': text('x'), 'tsunicorn.config.mjs': config(1) });
    running.signal('SIGTTIN');
    await running.waitForWorkers(2);
    write(running, 'tsunicorn.config.mjs', config(1, ', keepAlive: 5'));
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    await running.waitForLog(/Worker exiting.*\n[\s\S]*Worker exiting/);
    await running.waitForWorkers(2);
    write(running, 'tsunicorn.config.mjs', config(3));
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 3 is ready/);
    await running.waitForWorkers(3);
  });

  it('takes the variables back that `env` and `envFile` no longer set', async () => {
    const running = await serve(['app.mjs:app'], {
      files: {
        'app.mjs':
          'export const app = (_, res) => res.end(JSON.stringify([process.env.A, process.env.B, process.env.PAGER]));\n',
        'b.env': 'B=file\n',
        'tsunicorn.config.mjs': 'export default { env: { A: "set", PAGER: "set" }, envFile: ["b.env"] };\n',
      },
      env: { PAGER: 'start' },
    });
    expect(await body(running.at)).toBe('["set","file","set"]');
    write(running, 'tsunicorn.config.mjs', 'export default {};\n');
    running.signal('SIGHUP');
    await running.waitForLog(/Worker exiting/);
    await running.waitForWorkers(1);
    expect(await body(running.at)).toBe('[null,null,"start"]');
  });

  it('opens sockets and files in another chdir', async () => {
    const config = (chdir: string) => `export default { chdir: '${chdir}' };\n`;
    const cwd = temporaryDirectory({ 'tsunicorn.config.mjs': config('one') });
    for (const name of ['one', 'two']) {
      mkdirSync(join(cwd, name));
      writeFileSync(join(cwd, name, 'app.mjs'), text(name));
    }
    const running = await serve(['app.mjs:app', '-b', 'unix:a.sock', '-p', 'a.pid'], { cwd });
    write(running, 'tsunicorn.config.mjs', config('two'));
    running.signal('SIGHUP');
    await running.waitForLog(/Listening at: unix:.*\/two\/a\.sock/);
    await running.waitFor(() => !existsSync(join(running.cwd, 'one/a.pid')), 'the pidfile to move');
    expect(existsSync(join(running.cwd, 'two/a.pid'))).toBe(true);
    expect(await request({ url: `unix:${join(running.cwd, 'two/a.sock')}` })).toBe('200');
  });

  it('opens an added address before and closes a dropped one after', async () => {
    const config = (...binds: string[]) => `export default { bind: ${JSON.stringify(binds)} };\n`;
    const running = start(['app.mjs:app'], {
      files: { 'app.mjs': text('x'), 'tsunicorn.config.mjs': config('unix:one.sock') },
    });
    await running.url();
    const one = { url: `unix:${join(running.cwd, 'one.sock')}` };
    const two = { url: `unix:${join(running.cwd, 'two.sock')}` };
    expect([await request(one), await request(two)]).toEqual(['200', 'ENOENT']);
    write(running, 'tsunicorn.config.mjs', config('unix:one.sock', 'unix:two.sock'));
    running.signal('SIGHUP');
    await running.waitForLog(/Listening at: unix:.*one.sock, unix:.*two.sock/);
    expect([await request(one), await request(two)]).toEqual(['200', '200']);
    write(running, 'tsunicorn.config.mjs', config('unix:two.sock'));
    running.signal('SIGHUP');
    await running.waitForLog(/Listening at: unix:[^,]*two.sock/);
    await running.waitForWorkers(1);
    expect([await request(one), await request(two)]).toEqual(['ENOENT', '200']);
  });

  it.each([
    ['the application throws', 'app.mjs', 'throw new Error("no database");\n', /no database/],
    ['the export is gone', 'app.mjs', 'export const other = 1;\n', /other/],
    ['the config file throws', 'tsunicorn.config.mjs', 'throw new Error("bad secret");\n', /bad secret/],
    [
      'no worker can be started with it',
      'tsunicorn.config.mjs',
      'export default { env: { BIG: "x".repeat(200_000) } };\n',
      /E2BIG/,
    ],
    [
      'the config file has a wrong value',
      'tsunicorn.config.mjs',
      'export default { workers: 0 };\n',
      /workers/,
    ],
  ])('leaves the old generation serving when %s', async (_case, file, content, reason) => {
    const running = await served({ 'app.mjs': text('old'), 'tsunicorn.config.mjs': 'export default {};\n' });
    const before = running.workers();
    write(running, file, content);
    running.signal('SIGHUP');
    const [line] = await running.waitForLog(/\[ERROR\] Reload (undone|refused).*/);
    expect(line).toMatch(reason);
    expect(running.workers()).toEqual(expect.arrayContaining(before));
    expect(await body(running.at)).toBe('old');
  });

  it('is superseded by another one', async () => {
    const never = 'await new Promise(() => setInterval(() => {}, 1000));\n';
    const running = await served({ 'app.mjs': text('old') });
    write(running, 'app.mjs', never);
    running.signal('SIGHUP');
    await running.waitForLog(/Booting worker[\s\S]*Booting worker/);
    write(running, 'app.mjs', text('new'));
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 3 is ready/);
    await running.waitForWorkers(1);
    expect(await body(running.at)).toBe('new');
  });

  it('lets a TTIN during the proof act at once', async () => {
    const never = 'await new Promise(() => setInterval(() => {}, 1000));\n';
    const running = await served({ 'app.mjs': text('old') });
    write(running, 'app.mjs', never);
    running.signal('SIGHUP');
    await running.waitForLog(/Booting worker[\s\S]*Booting worker/);
    running.signal('SIGTTIN');
    await running.waitForWorkers(3);
    expect(await body(running.at)).toBe('old');
  });

  it('refuses an address that overlaps its own, and says which', async () => {
    const config = (...binds: string[]) => `export default { bind: ${JSON.stringify(binds)} };\n`;
    const running = start(['app.mjs:app'], {
      files: { 'app.mjs': text('x'), 'tsunicorn.config.mjs': config('127.0.0.1:0') },
    });
    const at = await running.url();
    const { port } = new URL(at);
    write(running, 'tsunicorn.config.mjs', config('127.0.0.1:0', `0.0.0.0:${port}`));
    running.signal('SIGHUP');
    await running.waitForLog(
      new RegExp(
        `Reload refused.*bind 0\\.0\\.0\\.0:${port}: overlaps 127\\.0\\.0\\.1:${port}, which this service`,
      ),
    );
    expect(await body(at)).toBe('x');
  });

  it('twice at once binds the new address once', async () => {
    const running = start(['app.mjs:app'], {
      files: { 'app.mjs': text('x'), 'tsunicorn.config.mjs': `export default { bind: 'unix:one.sock' };\n` },
    });
    await running.url();
    write(running, 'tsunicorn.config.mjs', `export default { bind: 'unix:two.sock' };\n`);
    running.signal('SIGHUP');
    running.signal('SIGHUP');
    await running.waitForLog(/Generation \d is ready/);
    expect(running.stderr).not.toMatch(/ERROR/);
    expect(await request({ url: `unix:${join(running.cwd, 'two.sock')}` })).toBe('200');
  });
});
