import { describe, expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const FORMAT = '%(U)s %(I)s %(Z)s %({x-request-id}i)s';
const LISTENER = `(request, response) => {
  if (request.url === '/throws') throw new Error('on purpose');
  if (request.url === '/own') response.setHeader('X-Id', 'own');
  response.end('ok');
}`;

const directory = sharedDirectory({
  'app.mjs': `export default ${LISTENER};`,
  'program.cjs': `require('node:http').createServer(${LISTENER}).listen(3000);`,
});
const cases = [
  ['async', 'app.mjs', []],
  ['sync', 'app.mjs', []],
  ['thread', 'app.mjs', ['--threads', '1']],
  ['async', 'program.cjs', []],
  ['async', 'app.mjs', ['--forwarded-allow-ips', 'unix']],
] as const;
const servers = shareServers(
  cases.map(([name, app, more]) => [
    ...[app, '-k', name, ...more, '--log-format', 'json', '--request-id-header', 'X-Id'],
    ...['--access-logfile', '-', '--access-logformat', FORMAT],
  ]),
  { cwd: directory },
);

describe.each(cases.map(([name, app, more], index) => ({ name, app, more, index })))(
  'class $name, $app, $more',
  ({ more, index }) => {
    const server = () => servers[index]?.() as ReturnType<(typeof servers)[number]>;
    const isTrusted = !more.some((word) => word === 'unix');

    it('names a request in its answer, the access log and the records, by the id of a trusted peer only', async () => {
      const headers = { 'x-request-id': 'given-1', traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
      const answer = await ask({ url: server().at, path: '/throws', headers });
      const id = String(answer.headers['x-id']);
      expect([answer.status, id === 'given-1']).toEqual([500, isTrusted]);
      await server().waitFor(
        () => server().stdout.includes(`/throws ${id} ${TRACE} given-1\n`),
        'the line of the access log',
      );
      await server().waitForLog(/"event":"application-failed"/);
      expect(server().stderr).toContain(`"path":"/throws","requestId":"${id}","traceId":"${TRACE}"`);
    });

    it('makes an id for each, and leaves the header of the application alone', async () => {
      const made = await Promise.all(['/', '/'].map((path) => ask({ url: server().at, path })));
      const ids = made.map(({ headers }) => headers['x-id']);
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(id).toMatch(/^[\da-z]{12}-[\da-z]+$/);
      expect((await ask({ url: server().at, path: '/own' })).headers['x-id']).toBe('own');
    });
  },
);
