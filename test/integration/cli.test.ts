import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingNames, settingOf } from '../../src/settings/catalogue/catalogue.ts';
import { longFlag } from '../../src/settings/setting.ts';
import { run } from '../support/command.ts';
import { tellTestsApart } from '../support/current-test.ts';
import { root } from '../support/tsunicorn.ts';

tellTestsApart();

const hello = join(root, 'examples/hello.ts:app');

describe('--help', () => {
  it('names every flag, the signals and the exit statuses on stdout, without colour, and exits with 0', async () => {
    const { status, stdout, stderr } = await run(['--help'], { env: { NO_COLOR: '' } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const flags = settingNames.flatMap((name) => longFlag(settingOf(name)) ?? []);
    expect(flags.filter((flag) => !stdout.includes(`${flag} `))).toEqual([]);
    for (const title of ['Signals:\n', 'Exit statuses:\n']) expect(stdout).toContain(title);
    expect(stdout).not.toContain('\x1b');
  });

  it('is printed although there is another mistake behind it', async () => {
    expect(await run(['-h', '-w', '0'])).toMatchObject({ status: 0, stderr: '' });
  });
});

it('--version prints the version alone', async () => {
  const { status, stdout, stderr } = await run(['--version']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe('--print-config', () => {
  it('shows the value and the origin of settings from all five layers', async () => {
    const { status, stdout, stderr, leftFiles } = await run(['--print-config', '-w', '5', hello], {
      files: {
        'tsunicorn.config.ts': `export default {
          workers: 3, timeout: 33, backlog: 333, pid: 'here.pid', whenReady() {} };`,
      },
      env: {
        WEB_CONCURRENCY: '2',
        TSUNICORN_TIMEOUT: '22',
        TSUNICORN_BACKLOG: '222',
        TSUNICORN_NAME: 'from-the-environment',
        TSUNICORN_CMD_ARGS: '-w 4 -t 44',
        PORT: '2222',
      },
    });
    expect({ status, stderr, leftFiles }).toEqual({ status: 0, stderr: '', leftFiles: [] });
    expect(stdout.replace(/ +/g, ' ').split('\n')).toEqual(
      expect.arrayContaining([
        'workers = 5 # command line --workers',
        'timeout = 44 # TSUNICORN_CMD_ARGS --timeout',
        'backlog = 333 # tsunicorn.config.ts',
        'name = from-the-environment # environment TSUNICORN_NAME',
        'bind = 0.0.0.0:2222 # environment PORT',
        'bootTimeout = 60 # default',
        'whenReady = hook # tsunicorn.config.ts',
      ]),
    );
  });
});

describe('--check-config', () => {
  const serving = ['--check-config', '-b', 'unix:app.sock', '--pid', 'app.pid'];

  it('exits with 0 for a good application and serves nothing', async () => {
    const outcome = await run([...serving, hello]);
    expect(outcome).toMatchObject({ status: 0, stderr: '', leftFiles: [], leftProcesses: [] });
    expect(outcome.stdout).toMatch(/Configuration OK.*hello\.ts/);
  });

  it('exits with 0 although the application keeps timers and sockets open', async () => {
    const text = 'setInterval(() => {}, 1000);\nexport const app = (req, res) => res.end();';
    expect(await run([...serving, 'app.js:app'], { files: { 'app.js': text } })).toMatchObject({ status: 0 });
  });

  it('exits with 0 for an application that tells another process manager that it is ready', async () => {
    const text = "process.send?.('ready');\nexport const app = (req, res) => res.end();";
    expect(await run([...serving, 'app.js:app'], { files: { 'app.js': text } })).toMatchObject({ status: 0 });
  });

  it('exits with 4 for a broken application, with one line and its stack', async () => {
    const files = { 'app.ts': '\nthrow new Error("no database");' };
    const outcome = await run([...serving, 'app.ts:app'], { files });
    expect(outcome).toMatchObject({ status: 4, stdout: '', leftFiles: [], leftProcesses: [] });
    expect(outcome.lines[0]).toMatch(/^tsunicorn: .*no database/);
    expect(outcome.stderr).toMatch(/app\.ts:2:/);
    expect(outcome.stderr).not.toMatch(/\/src\//);
  });

  it('shows what an application says without letting it act on the terminal', async () => {
    const files = { 'app.mjs': 'throw new Error("\\x1b[2Jgone\\x1b]0;title\\x07");' };
    for (const args of [serving, ['-D', '-b', 'unix:app.sock']]) {
      const { status, stderr } = await run([...args, 'app.mjs:app'], { files });
      expect(status).toBe(4);
      expect(stderr).toContain('\\x1b[2Jgone\\x1b]0;title\\x07');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them.
      expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    }
  });

  it('loads the application in a thread where it is to run in threads', async () => {
    const text =
      'process.chdir(".");\nexport const app = (req, res) => res.end();\nsetInterval(() => {}, 1000);';
    const options = { files: { 'app.js': text } };
    expect(await run([...serving, 'app.js:app'], options)).toMatchObject({ status: 0 });
    const outcome = await run([...serving, '-k', 'thread', 'app.js:app'], options);
    expect(outcome).toMatchObject({ status: 4, stdout: '', leftFiles: [], leftProcesses: [] });
    expect(outcome.lines[0]).toMatch(/^tsunicorn: .*process\.chdir\(\) is not supported in workers/);
    const good = await run([...serving, '-k', 'thread', hello]);
    expect(good).toMatchObject({ status: 0, stderr: '', leftFiles: [], leftProcesses: [] });
    expect(good.stdout).toMatch(/Configuration OK.*hello\.ts/);
  });

  it.concurrent.each([
    [
      'blocks',
      'for (;;);',
      /its import or factory had not finished within 1 s \(--boot-timeout\) \[TSU0601\]$/,
    ],
    [
      'never settles',
      'await new Promise(() => setInterval(() => {}, 1000));',
      /within 1 s \(--boot-timeout\) \[TSU0601\]$/,
    ],
    ['awaits what never comes', 'await new Promise(() => {});', /within 1 s \(--boot-timeout\) \[TSU0601\]$/],
    ['calls process.exit(0)', 'process.exit(0);', /exited with status 0 while it was loaded \(does it call/],
  ])('exits with 3 for an application that %s', async (_what, text, line) => {
    const files = { 'app.mjs': text };
    // The limit is what ends those that say so; on a busy machine the others may take as long until they fail.
    const seconds = line.source.includes('boot-timeout') ? '1' : '60';
    const outcome = await run([...serving, '--boot-timeout', seconds, 'app.mjs:app'], { files });
    expect(outcome).toMatchObject({ status: 3, stdout: '', leftFiles: [], leftProcesses: [] });
    expect(outcome.lines.at(-1)).toMatch(line);
  });

  it('exits with 4 for an export that is missing', async () => {
    const outcome = await run([...serving, `${hello}lication`]);
    expect(outcome).toMatchObject({ status: 4, stdout: '' });
    expect(outcome.lines).toHaveLength(1);
  });

  it('exits with 1 for an address that cannot be', async () => {
    const outcome = await run(['--check-config', '-b', 'a:b:c', hello]);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.lines).toEqual([expect.stringMatching(/^tsunicorn: --bind a:b:c: expected host:port/)]);
  });
});
