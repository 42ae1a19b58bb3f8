import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { ask } from '../support/http-client.ts';
import { shareServers } from '../support/shared.ts';
import { root, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const fixtures = join(root, 'test/fixtures/mounts');
const classes = ['async', 'sync', 'thread'] as const;

const mounted = [
  ...['--mount', '/fetch=fetch.ts:app', '--mount', '/gateway=gateway.ts:app'],
  ...['--mount', '/express=frameworks.ts:express', '--mount', '/fastify=frameworks.ts:fastify'],
  ...['--mount', '/koa=frameworks.ts:koa', '--mount', '/hono=frameworks.ts:hono'],
  ...[
    '--mount',
    '/server=node.ts:server',
    '--mount',
    '/deaf=node.ts:deaf',
    '--mount',
    '/fails=node.ts:fails',
  ],
];

const servers = shareServers(
  classes.map((name) => ['-k', name, '--access-logfile', '-', ...mounted, 'node.ts:app']),
  { cwd: fixtures },
);
const inCode = shareServers(
  classes.map((name) => ['-k', name, 'code.ts:app']),
  { cwd: fixtures },
);

describe.each(classes.map((name, index) => [name, servers[index], inCode[index]] as const))(
  'class %s',
  (name, server, code) => {
    const at = (path: string) => ({ url: server?.().at ?? '', path });
    const seen = async (path: string) => JSON.parse((await ask(at(path))).body);

    it.each([
      ['/', { by: 'node', url: '/' }],
      ['/fetches', { by: 'node', url: '/fetches' }],
      ['/fetch', { by: 'fetch', url: expect.stringMatching(/:\d+\/$/), rootPath: '/fetch' }],
      ['/fetch/a?b=c', { by: 'fetch', url: expect.stringMatching(/:\d+\/a\?b=c$/), rootPath: '/fetch' }],
      ['/gateway', { SCRIPT_NAME: '/gateway', PATH_INFO: '', QUERY_STRING: '' }],
      ['/gateway/', { SCRIPT_NAME: '/gateway', PATH_INFO: '/' }],
      [
        '/gateway/gateway/a%2Fb?c',
        { PATH_INFO: '/gateway/a/b', QUERY_STRING: 'c', RAW_URI: '/gateway/gateway/a%2Fb?c' },
      ],
      ['/express/inner/x', { url: '/x', baseUrl: '/express/inner', originalUrl: '/express/inner/x' }],
      ['/fastify/x', { url: '/x', originalUrl: '/fastify/x' }],
      ['/koa/x', { by: 'koa', url: '/x' }],
      ['/hono/x', { by: 'hono', path: '/x' }],
      ['/server/x', { by: 'node', url: '/x', baseUrl: '/server', originalUrl: '/server/x' }],
    ])('serves %s by the application that it is under', async (path, expected) => {
      expect(await seen(path)).toMatchObject(expected);
    });

    it('has the whole path in the access log and in the log', async () => {
      const from = server?.().stderr.length;
      await seen('/koa/logged?whole');
      await server?.().waitFor(
        () => server().stdout.includes('"GET /koa/logged?whole HTTP/1.1" 200'),
        'the access log',
      );
      expect((await ask(at('/fails/x'))).status).toBe(500);
      await server?.().waitForLog(
        /The application failed while handling GET \/fails\/x: broken on purpose/,
        from,
      );
    });

    it('serves what mount() puts together, one within another, and nothing else', async () => {
      const url = code?.().at ?? '';
      const answers = ['/node/x', '/deep/fetch/x', '/deep', '/server/x'].map(async (path) =>
        JSON.parse((await ask({ url, path })).body),
      );
      expect(await Promise.all(answers)).toMatchObject([
        { by: 'node', url: '/x', baseUrl: '/node' },
        { by: 'fetch', rootPath: '/deep/fetch' },
        { by: 'gateway', SCRIPT_NAME: '/deep', PATH_INFO: '' },
        { by: 'node', url: '/x', baseUrl: '/server' },
      ]);
      for (const path of ['/', '/nodes', '/deepest'])
        expect(await ask({ url, path })).toMatchObject({ status: 404, body: 'Not Found\n' });
    });

    it.runIf(name !== 'thread')('passes an upgrade to the server that it is under', async () => {
      expect(await upgrade(at('/server/chat'))).toBe('upgraded at /chat');
    });

    it.runIf(name !== 'thread').each(['/fetch/chat', '/deaf/chat', '/chat'])(
      'answers an upgrade of %s, where nobody listens for it, as a request',
      async (path) => {
        expect(await upgrade(at(path))).toMatch(/"url":".*\/chat"/);
      },
    );
  },
);

/** Asks for an upgrade; resolves with what comes after the head. */
async function upgrade({ url, path }: { readonly url: string; readonly path: string }): Promise<string> {
  const { hostname, port } = new URL(url);
  const request = http.get({
    ...{ host: hostname, port, path, agent: false },
    headers: { connection: 'Upgrade', upgrade: 'test' },
  });
  const [response, socket, head] = await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
  let text = String(head ?? '');
  for await (const part of socket ?? response) text += part;
  return text;
}

describe('examples/mounts.ts', () => {
  it('serves each application under its path', async () => {
    const { at } = await serve(['examples/mounts.ts:app'], { cwd: root });
    const bodies = ['/', '/hono', '/gateway/'].map(async (path) => (await ask({ url: at, path })).body);
    expect(await Promise.all(bodies)).toEqual([
      expect.stringMatching(/^Hello from Express/),
      expect.stringMatching(/^Hello from Hono/),
      'Hello from the gateway\n',
    ]);
  });
});

describe('--mount', () => {
  const check = (...args: readonly string[]) => run(['--check-config', ...args], { cwd: fixtures });

  it('needs no other application', async () => {
    const { at } = await serve(['--mount', '/api=node.ts:app'], { cwd: fixtures });
    expect((await ask({ url: at, path: '/api/x' })).status).toBe(200);
    expect((await ask({ url: at })).status).toBe(404);
  });

  it('is loaded by --check-config, all of it', async () => {
    const { status, stdout } = await check('--mount', '/api=fetch.ts:app', 'node.ts:app');
    expect(stdout).toBe(
      'Configuration OK; node.ts:app, --mount /api=fetch.ts:app: mounts: / (Node listener), /api (fetch handler)\n',
    );
    expect(status).toBe(0);
  });

  it.each([
    [
      ['--mount', 'api=a.ts'],
      '--mount: expected a path such as /api, without ? # % = and empty parts, got "api" [TSU0199]',
    ],
    [
      ['--mount', '/api=a.ts', '--mount', '/api/=b.ts'],
      '--mount: expected each path once, without "/api" a second time, got "/api/=b.ts" [TSU0199]',
    ],
    [
      ['--mount', '/=fetch.ts', 'node.ts:app'],
      '--mount: fetch.ts and node.ts:app are both at /; remove one of them, or mount it at a path of its own [TSU0109]',
    ],
  ])('with %j ends with status 1 and a line that says why', async (args, line) => {
    const { status, lines } = await check(...args);
    expect(lines).toEqual([`tsunicorn: ${line}`]);
    expect(status).toBe(1);
  });

  it.each([
    ['/api=nope.ts', /^tsunicorn: --mount \/api=nope\.ts: there is no module 'nope\.ts' in /],
    ['/api=fetch.ts:nope', /^tsunicorn: --mount \/api=fetch\.ts:nope: fetch\.ts has no export 'nope'/],
  ])('%s ends with status 4 and a line that names it', async (spec, line) => {
    const { status, lines } = await check('--mount', spec, 'node.ts:app');
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(status).toBe(4);
  });

  it('does not take a program', async () => {
    const program = "import http from 'node:http';\nhttp.createServer(() => {}).listen(0);\n";
    const cwd = temporaryDirectory({ 'program.mjs': program });
    const { status, lines } = await run(['--check-config', '--mount', '/api=program.mjs'], { cwd });
    expect(lines).toEqual([
      'tsunicorn: --mount /api=program.mjs: program.mjs exports nothing and calls listen() itself (port 0); export the application, such as `export const app = …`, without calling listen(), or serve it in a service of its own, as mounts share one server [TSU0503]',
    ]);
    expect(status).toBe(4);
  });

  it('is read again at a reload, from the configuration file, with new modules', async () => {
    const cwd = temporaryDirectory({
      'site.mjs': "export default () => new Response('site');\n",
      'one.mjs': "export default () => new Response('one');\n",
      'tsunicorn.config.json': JSON.stringify({ app: 'site.mjs', mount: { '/part': 'one.mjs' } }),
    });
    const running = await serve([], { cwd });
    expect((await ask({ url: running.at, path: '/part' })).body).toBe('one');
    writeFileSync(join(cwd, 'one.mjs'), "export default () => new Response('two');\n");
    const config = { app: 'site.mjs', mount: { '/part': 'one.mjs', '/more': 'one.mjs' } };
    writeFileSync(join(cwd, 'tsunicorn.config.json'), JSON.stringify(config));
    running.signal('SIGHUP');
    await running.waitForLog(/Serving generation 2|Reloaded|generation 2/i);
    await running.waitFor(
      () => running.workers().length === 1 && /Worker exiting/.test(running.stderr),
      'the old worker to end',
    );
    expect((await ask({ url: running.at, path: '/part' })).body).toBe('two');
    expect((await ask({ url: running.at, path: '/more/x' })).body).toBe('two');
  });

  it('is followed by --reload, as the others are', async () => {
    const answering = (text: string) => `export default () => new Response('${text}');\n`;
    const files = { 'site.mjs': answering('site'), 'one.mjs': answering('one'), 'two.mjs': answering('two') };
    const args = ['site.mjs', '--mount', '/one=one.mjs', '--mount', '/two=two.mjs', '--reload'];
    const running = await serve(args, { files });
    const body = async (path: string) => (await ask({ url: running.at, path })).body;
    expect([await body('/'), await body('/one'), await body('/two')]).toEqual(['site', 'one', 'two']);
    for (const [file, path, generation] of [
      ['two.mjs', '/two', 2],
      ['site.mjs', '/', 3],
    ] as const) {
      writeFileSync(join(running.cwd, file), answering('new'));
      await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
      await running.waitFor(() => running.workers().length === 1, 'the old worker to end');
      expect(await body(path)).toBe('new');
    }
    expect(running.stderr.match(/Reloading: .*/g)).toEqual([
      'Reloading: two.mjs changed',
      'Reloading: site.mjs changed',
    ]);
  });
});
