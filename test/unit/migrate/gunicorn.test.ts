import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { importGunicorn, isGunicorn, WITHOUT_COUNTERPART } from '../../../src/migrate/gunicorn.ts';
import { loadSettings } from '../../../src/settings/load.ts';

const page = readFileSync(new URL('../../../docs/migrating-from-gunicorn.md', import.meta.url), 'utf8');

async function loadedFrom(command: string) {
  const [app] = importGunicorn(command).apps;
  const { settings } = await loadSettings({
    argv: [],
    env: {},
    cwd: tmpdir(),
    code: { settings: Object.fromEntries(app?.entries ?? []), config: null },
    parse: () => ({}),
    applyEnvironment: () => {},
  });
  const remarks = app?.remarks.map(({ what, how }) => `${what} ${how}`) ?? [];
  return { settings, remarks: remarks.filter((remark) => !/^(app:app|-k) differently$/.test(remark)) };
}

describe('each option', () => {
  it.each([
    ['-b :9000 --bind unix:x.sock', { bind: [':9000', `unix:${tmpdir()}/x.sock`] }],
    ['--backlog 99', { backlog: 99 }],
    [
      '--certfile /c.pem --keyfile /k.pem --ca-certs /a.pem --cert-reqs 2 --ciphers HIGH',
      {
        certfile: ['/c.pem'],
        keyfile: ['/k.pem'],
        caCerts: '/a.pem',
        certReqs: 'required',
        ciphers: 'HIGH',
      },
    ],
    [
      '--statsd-host h:8125 --statsd-prefix p --dogstatsd-tags a:b',
      { statsdHost: 'h:8125', statsdPrefix: 'p', dogstatsdTags: 'a:b' },
    ],
    ['--forwarded-allow-ips 10.0.0.1,::1', { forwardedAllowIps: ['10.0.0.1', '::1'] }],
    ['--proxy-protocol', { proxyProtocol: 'auto' }],
    [
      '--proxy-protocol v2 --proxy-allow-from 10.0.0.1',
      { proxyProtocol: 'v2', proxyAllowFrom: ['10.0.0.1'] },
    ],
    ['--forwarder-headers SCRIPT_NAME,PATH_INFO', { forwarderHeaders: ['SCRIPT_NAME', 'PATH_INFO'] }],
    ['-w4', { workers: 4 }],
    ['--workers=4', { workers: 4 }],
    ['-k thread --threads 8', { threads: 8 }],
    ['--threads 8', { threads: 8, workerClass: 'thread' }],
    ['-k sync --threads 8', { threads: 8, workerClass: 'thread' }],
    ['--threads 1', { threads: 1, workerClass: 'async' }],
    ['--worker-connections 10', { workerConnections: 10 }],
    ['--max-requests 5 --max-requests-jitter 2', { maxRequests: 5, maxRequestsJitter: 2 }],
    ['-t 5 --graceful-timeout 6 --keep-alive 7', { timeout: 5, gracefulTimeout: 6, keepAlive: 7 }],
    ['--reload --reload-extra-file a --reload-extra-file b', { reload: true, reloadExtraFile: ['a', 'b'] }],
    ['--chdir /', { chdir: '/' }],
    ['-D -p x.pid', { daemon: true, pid: `${tmpdir()}/x.pid` }],
    ['-e A=1 --env B=2', { env: { A: '1', B: '2' } }],
    [
      '-u www -g www -m 007 --initgroups -n shop',
      { user: 'www', group: 'www', umask: 7, initgroups: true, name: 'shop' },
    ],
    ['--access-logfile - --access-logformat "%(h)s"', { accessLogfile: '-', accessLogformat: '%(h)s' }],
    ['--error-logfile e.log --log-level warning', { errorLogfile: `${tmpdir()}/e.log`, logLevel: 'warning' }],
    ['--log-file -', { errorLogfile: '-' }],
    [
      '--log-syslog --log-syslog-to udp://h:1 --log-syslog-prefix p --log-syslog-facility local0',
      { syslog: true, syslogPrefix: 'p', syslogFacility: 'local0' },
    ],
  ])('%s', async (options, settings) => {
    const loaded = await loadedFrom(`gunicorn ${options} app:app`);
    expect(loaded.settings).toMatchObject({ app: 'app:app', ...settings });
    expect(loaded.remarks.filter((remark) => remark.endsWith(' not'))).toEqual([]);
    for (const flag of options.match(/--[a-z-]+/g) ?? []) expect(page).toContain(`\`${flag}`);
  });

  it.each([...WITHOUT_COUNTERPART].map(([flag, why]) => [flag, why]))(
    '%s is said to have no counterpart',
    async (flag, why) => {
      const value =
        /preload|reuse|sendfile|spew|capture|inheritance|redirect|header-spaces|folding|framing|handshake|eofs|casefold|unconventional/.test(
          flag,
        );
      const { remarks } = importGunicorn(`gunicorn ${flag}${value ? '' : ' value'} app:app`).apps[0] ?? {};
      expect(remarks).toContainEqual({ what: flag, how: 'not', why });
    },
  );

  it.each([
    ['sync', 'sync'],
    ['gthread', 'thread'],
    ['gevent', 'async'],
    ['uvicorn.workers.UvicornWorker', 'async'],
  ])('-k %s is %s', async (name, workerClass) => {
    expect((await loadedFrom(`gunicorn -k ${name} app:app`)).settings).toMatchObject({ workerClass });
  });
});

it('an option that it does not know has a value only where something else is the application', () => {
  const of = (options: string) => importGunicorn(`gunicorn ${options}`).apps[0];
  expect(of('--new-switch app:app')?.entries).toContainEqual(['app', 'app:app']);
  expect(of('--new-option value app:app')?.entries).toContainEqual(['app', 'app:app']);
  expect(of('app:app --new-switch -w 2')?.entries).toContainEqual(['workers', 2]);
  expect(of('app:app --new-option value')?.entries).toContainEqual(['app', 'app:app']);
});

it('takes the forms of the command', async () => {
  expect(isGunicorn('python3 -m gunicorn app:app')).toBe(true);
  expect(isGunicorn('/srv/venv/bin/gunicorn app:app')).toBe(true);
  expect(isGunicorn('gunicorn.conf.cjs')).toBe(false);
  const { settings } = await loadedFrom('GUNICORN_CMD_ARGS="-w 2 -t 9" python -m gunicorn -w 3 app:app');
  expect([settings.workers, settings.timeout]).toEqual([3, 9]);
  expect(() => importGunicorn('gunicorn -w 2')).toThrow('names no application');
});
