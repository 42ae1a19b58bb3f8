import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { serve } from '../support/tsunicorn.ts';

/** What is logged beside the way a service starts and ends. */
function complaints(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.includes('[INFO]'));
}

describe('a first boot that fails halts the service and leaves nothing behind', () => {
  it.each([
    [
      'exits',
      'process.exit(7);',
      /\] Worker \(pid: \d+, slot \d, age \d\) exited with status 7 without being told to: .* process\.exit\(\) at \S+\/app\.mjs:1:9 before it was ready$/m,
    ],
    [
      'is killed',
      "process.kill(process.pid, 'SIGKILL');",
      /\] Worker \(pid: .*\) was killed by SIGKILL.* before it was ready/,
    ],
  ])('with status 3 where a worker %s while it imports', async (_what, text, message) => {
    const outcome = await run(['-w', '2', '-b', 'unix:app.sock', '--pid', 'pid', 'app.mjs:app'], {
      files: { 'app.mjs': text },
    });
    expect(outcome).toMatchObject({ status: 3, leftFiles: [], leftProcesses: [] });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/Listening at|\/src\/|\/workers\/|next try/);
  });

  it.each([
    ['module', 'async', 'await new Promise(() => {});\nexport const app = () => {};\n', 'app'],
    ['factory', 'sync', 'export const make = () => new Promise(() => {});\n', 'make()'],
  ])('with status 4 where the %s waits in class %s for what never comes', async (_what, kind, text, name) => {
    const outcome = await run(['-k', kind, '-w', '2', '-b', 'unix:app.sock', `app.mjs:${name}`], {
      files: { 'app.mjs': text },
    });
    expect(outcome).toMatchObject({ status: 4, leftFiles: [], leftProcesses: [] });
    expect(outcome.stderr).toMatch(/app\.mjs:\S+ never finishes loading: its module or its factory waits/);
  });

  it('with status 4 where the application throws while it is imported, once, with its stack', async () => {
    const outcome = await run(['-w', '2', '-b', 'unix:app.sock', '--pid', 'pid', 'app.mjs:app'], {
      files: { 'app.mjs': "throw new Error('no licence');" },
    });
    expect(outcome).toMatchObject({ status: 4, leftFiles: [], leftProcesses: [] });
    expect(outcome.stderr).toMatch(/^\s+at .*app\.mjs:1:/m);
    expect(complaints(outcome.stderr).filter((line) => /CRITICAL/.test(line))).toEqual([
      expect.stringMatching(/no licence/),
    ]);
  });

  it('with status 3 and one line where the import does not end within the boot timeout', async () => {
    const outcome = await run(['--boot-timeout', '1', '-b', 'unix:app.sock', 'app.mjs:app'], {
      files: { 'app.mjs': 'await new Promise(() => setInterval(() => {}, 1000));' },
    });
    expect(outcome).toMatchObject({ status: 3, leftFiles: [], leftProcesses: [] });
    const said = complaints(outcome.stderr).filter((line) => line.includes('--boot-timeout'));
    expect(said).toEqual([expect.stringMatching(/not ready within 1 s/)]);
  });
});

describe('a working directory that is removed while the service runs', () => {
  const files = { 'app.mjs': 'export const app = (req, res) => res.end();' };

  it('is named where a worker cannot be replaced, and the service recovers when it is made again', async () => {
    const running = await serve(['app.mjs:app'], { files });
    rmSync(running.cwd, { recursive: true });
    process.kill(running.workers()[0] ?? 0, 'SIGKILL');
    await running.waitForLog(
      /\[ERROR\] A worker could not be started: the working directory \/\S+ is gone; create it again, or restart elsewhere; next try/,
    );
    mkdirSync(running.cwd);
    writeFileSync(join(running.cwd, 'app.mjs'), files['app.mjs']);
    await running.waitForWorkers(1);
  });

  it('is named where the configuration cannot be read again', async () => {
    const running = await serve(['app.mjs:app'], { files });
    rmSync(running.cwd, { recursive: true });
    running.signal('SIGHUP');
    await running.waitForLog(/Reload refused, .*: the working directory \/\S+ is gone; /);
  });
});
