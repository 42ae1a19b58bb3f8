import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../support/command.ts';
import { refusal } from '../support/refusal.ts';
import type { StartOptions } from '../support/tsunicorn.ts';

const quiet = ['-w', '2', '-b', 'unix:app.sock', '--pid', 'app.pid', '--log-level', 'error'];
const lineStart = /^\[[^\]]+\] \[\d+\] \[CRITICAL\] /;

/** The one line, of an application that could not be loaded or a worker that could not start. */
async function failure(spec: string, text: string | null, status = 4): Promise<string> {
  const files: Record<string, string> = text === null ? {} : { 'app.ts': text };
  const line = await refusal([...quiet, spec], { files, status });
  expect(line).toMatch(lineStart);
  return line.replace(lineStart, '');
}

/** The lines, of an application that failed with a stack of its own. */
async function failureWithStack(args: readonly string[], options: StartOptions): Promise<readonly string[]> {
  const outcome = await run([...quiet, ...args], options);
  expect(outcome, outcome.stderr).toMatchObject({ status: 4, stdout: '', leftFiles: [], leftProcesses: [] });
  const [line = '', ...stack] = outcome.lines;
  expect(line).toMatch(lineStart);
  expect(stack.filter((frame) => !frame.startsWith('    '))).toEqual([]);
  expect(outcome.stderr).not.toMatch(/\/src\/app\/|\/workers\//);
  return [line.replace(lineStart, ''), ...stack];
}

describe('an application that cannot be loaded ends the service with status 4 and one line', () => {
  it('for a module that is missing', async () => {
    expect(await failure('nowhere:app', null)).toMatch(/nowhere/);
  });

  it('for an export that is missing: it lists those that are there', async () => {
    const line = await failure('app.ts:ap', 'export const app = () => {};\nexport const other = 1;');
    expect(line).toMatch(/"?ap"?/);
    expect(line).toMatch(/\bapp\b.*\bother\b/);
  });

  it('for a default export that is missing: it lists those that are there', async () => {
    expect(await failure('app.ts', 'export const handle = (q, r) => r.end();')).toMatch(
      /default.*\bhandle\b/,
    );
  });

  it('for an export of an unknown shape: it says what it is', async () => {
    expect(await failure('app.ts:app', 'export const app = { routes: 1 };')).toMatch(
      /app\.ts.*object.*routes/,
    );
  });

  it('for an export that is a number', async () => {
    expect(await failure('app.ts:app', 'export const app = 42;')).toMatch(/app\.ts:app.*number/);
  });

  it('for arguments of a factory that are no literals', async () => {
    expect(await failure('app.ts:app(process.exit)', 'export const app = () => {};')).toMatch(/argument/);
  });

  it('for a dependency that is missing: it names that and who imports it', async () => {
    const line = await failure('app.ts:app', "import 'not-installed-here';\nexport const app = 1;");
    expect(line).toMatch(/not-installed-here/);
    expect(line).toMatch(/app\.ts/);
  });

  it('for a server that listens by itself already', async () => {
    const text = "import http from 'node:http';\nexport const app = http.createServer().listen(0);";
    expect(await failure('app.ts:app', text)).toMatch(/listen/);
  });

  it('for one that listens itself where another worker, or anybody, listens', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const text = `import http from 'node:http';\nexport const app = (req, res) => res.end();\nhttp.createServer(app2).listen(${port}, '127.0.0.1');\nfunction app2() {}`;
    // Of two workers each would say so, if they get there at the same time.
    const [line] = await failureWithStack(['-w', '1', 'app.ts:app'], { files: { 'app.ts': text } });
    expect(line).toMatch(
      /EADDRINUSE.*; the application calls listen\(\) itself in each worker; .*set the address with --bind/,
    );
  });
});

describe('an application that fails in its own code ends the service with its stack', () => {
  it('for a module that throws', async () => {
    const files = { 'app.ts': '\nthrow new Error("no database");' };
    const [line, ...stack] = await failureWithStack(['app.ts:app'], { files });
    expect(line).toMatch(/app\.ts.*no database/);
    expect(stack.join('\n')).toMatch(/app\.ts:2:/);
  });

  it('for a module that does not parse', async () => {
    const files = { 'app.js': 'export const app = (;' };
    const { status, stderr } = await run([...quiet, 'app.js:app'], { files });
    expect(status).toBe(4);
    expect(stderr.split('\n')[0]).toMatch(/app\.js/);
    expect(stderr).not.toMatch(/\/src\/app\/|\/workers\//);
  });

  it('for syntax that type stripping cannot erase', async () => {
    const files = { 'app.ts': 'export enum app { a }' };
    const [line, ...excerpt] = await failureWithStack(['app.ts:app'], { files });
    expect(line).toMatch(/app\.ts:1: .*enum.*build it to JavaScript/);
    expect(excerpt.join('\n')).toContain('export enum app { a }');
  });

  it('for a factory that rejects', async () => {
    const files = { 'app.ts': 'export async function create() {\n  throw new Error("no licence");\n}' };
    const [line, ...stack] = await failureWithStack(['app.ts:create()'], { files });
    expect(line).toMatch(/create.*no licence/);
    expect(stack.join('\n')).toMatch(/app\.ts:2:/);
  });

  it('for an exception in a timer while it loads', async () => {
    const text =
      'setTimeout(() => { throw new Error("late"); }, 1);\nawait new Promise(() => setInterval(() => {}, 1e6));';
    const [line, ...stack] = await failureWithStack(['app.ts:app'], { files: { 'app.ts': text } });
    expect(line).toMatch(/late/);
    expect(stack.join('\n')).toMatch(/app\.ts:1:/);
  });
});

describe('a worker that does not get ready ends the service', () => {
  it('with status 3 when the application never finishes loading', async () => {
    const text = 'setInterval(() => {}, 1e6);\nawait new Promise(() => {});';
    const options = { files: { 'app.ts': text }, status: 3 };
    const line = await refusal([...quiet, '--boot-timeout', '1', 'app.ts:app'], options);
    expect(line).toMatch(/not ready within 1 s.*--boot-timeout/);
  });
});
