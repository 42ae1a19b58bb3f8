import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { sharedDirectory, shareServer } from '../support/shared.ts';
import { built, root } from '../support/tsunicorn.ts';

const routes = join(root, 'test/fixtures/routes/gateway.ts:validated');

describe('an application of the gateway interface under the validator', () => {
  const args = ['-b', '127.0.0.1:0', '-w', '2', '--root-path', '/shop/', routes];
  const server = shareServer(args, { cwd: root });
  const at = (path: string) => ({ url: server().at, path });

  it('learns from its environ where it is mounted and what serves it', async () => {
    const environ = JSON.parse((await ask(at('/shop/environ?a=b'))).body);
    expect(environ).toMatchObject({
      SCRIPT_NAME: '/shop',
      PATH_INFO: '/environ',
      QUERY_STRING: 'a=b',
      'wsgi.multithread': true,
      'wsgi.multiprocess': true,
      'wsgi.run_once': false,
    });
  });

  it('is served alike where the proxy has taken the root path away', async () => {
    const { SCRIPT_NAME, PATH_INFO } = JSON.parse((await ask(at('/environ'))).body);
    expect([SCRIPT_NAME, PATH_INFO]).toEqual(['/shop', '/environ']);
  });

  it('writes to the server’s log by wsgi.errors', async () => {
    const from = server().stderr.length;
    await ask(at('/errors'));
    await server().waitForLog(/\[ERROR\] written to wsgi\.errors$/m, from);
  });

  it('has the connection cut and the error logged where it fails after its headers', async () => {
    const from = server().stderr.length;
    await expect(ask(at('/cut'))).rejects.toThrow();
    await server().waitForLog(/The application failed while handling GET \/cut: broken half way/, from);
  });

  it('answers what is not JSON with 400 and logs nothing', async () => {
    const from = server().stderr.length;
    const { status, headers } = await ask({ ...at('/json'), method: 'POST', body: '{nope' });
    expect([status, headers.connection]).toEqual([400, 'close']);
    // The second worker of the shared server may boot meanwhile.
    expect(
      server()
        .stderr.slice(from)
        .replace(/.*Booting worker.*\n/g, ''),
    ).toBe('');
  });
});

describe('an application that breaks a rule', () => {
  const index = JSON.stringify(join(built, 'src/index.js'));
  const cwd = sharedDirectory({
    'app.ts': `import { validator } from ${index};\nexport const app = validator(() => 'text');\n`,
  });
  const server = shareServer(['-b', '127.0.0.1:0', 'app.ts:app'], { cwd });

  it('is answered with 500, and the validator says in the log which rule', async () => {
    expect((await ask({ url: server().at })).status).toBe(500);
    await server().waitForLog(
      /failed while handling GET \/: the application returned a string \("text"\), not an iterable/,
    );
  });
});

describe('--check-config', () => {
  it('names what it has found', async () => {
    const { status, stdout } = await run(['--check-config', routes], { cwd: root });
    expect(stdout).toMatch(/gateway application$/m);
    expect(status).toBe(0);
  });

  it.each(['shop', '/a?b'])('refuses the root path %s', async (path) => {
    const { status, lines } = await run(['--check-config', '--root-path', path, routes], { cwd: root });
    expect(lines).toEqual([`tsunicorn: --root-path: expected a path such as /shop, got "${path}" [TSU0199]`]);
    expect(status).toBe(1);
  });
});
