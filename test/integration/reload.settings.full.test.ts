import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type SettingName, settingNames, settingOf } from '../../src/settings/catalogue/catalogue.ts';
import { request } from '../support/load.ts';
import { type Receiver, receiveUdp } from '../support/syslog-receivers.ts';
import { type Running, root, start, temporaryDirectory } from '../support/tsunicorn.ts';

/** What a probe of the arbiter can look at, once the new generation serves alone. */
interface Seen {
  readonly running: Running;
  readonly directory: string;
  /** The log of the new generation. */
  readonly log: () => string;
  readonly syslog: Receiver;
}

type Probe = (seen: Seen) => void | Promise<void>;

interface Change {
  /** As the configuration file has it. */
  readonly to: unknown;
  /** As the worker gets it, where that is not the same. */
  readonly as?: (directory: string) => unknown;
  /**
   * Who shows that it is applied: the `worker`, whose boot order is all that it goes by, the arbiter by a probe, or
   * `restart`: a line that says so.
   */
  readonly seen: 'worker' | 'restart' | Probe;
  /** No worker is told. */
  readonly isHidden?: true;
}

/** What no reload can change, as the command line of the start has it. */
type Fixed = 'config' | 'checkConfig' | 'printConfig';
/** It takes root to change these; test/integration/privileges.full.test.ts does. */
type Privileged = 'user' | 'group' | 'initgroups';
/**
 * Refused in class thread, which this reload changes to (test/integration/script.ready.full.test.ts changes it), or nothing would
 * speak plain HTTP any more (test/integration/tls.full.test.ts, test/integration/proxies.full.test.ts).
 */
type Elsewhere = 'waitReady' | 'certfile' | 'httpProtocols' | 'protocol';

const MIB = 1024 ** 2;
const inDirectory = (path: string) => (directory: string) => join(directory, path);

/** A change of every setting there is: a new one that is missing here does not compile, nor pass. */
const CHANGES: Readonly<Record<Exclude<SettingName, Fixed | Privileged | Elsewhere>, Change>> = {
  app: { to: 'two.mjs', seen: 'worker' },
  mount: { to: { '/two': 'two.mjs' }, seen: 'worker' },
  programArguments: { to: ['--verbose'], seen: 'worker' },
  rootPath: { to: '/shop', seen: 'worker' },
  static: {
    to: { '/assets': '.' },
    as: (directory) => ({ '/assets': join(directory, 'two') }),
    seen: 'worker',
  },
  staticFallthrough: { to: true, seen: 'worker' },
  staticMaxAge: { to: 60, seen: 'worker' },
  sendfileRoot: { to: ['.'], as: (directory) => [join(directory, 'two')], seen: 'worker' },
  accelRedirect: {
    to: { '/internal': '.' },
    as: (directory) => ({ '/internal': join(directory, 'two') }),
    seen: 'worker',
  },
  bind: {
    to: 'unix:two.sock',
    as: (directory) => [`unix:${directory}/two/two.sock`],
    seen: async ({ directory }) =>
      expect(await request({ url: `unix:${directory}/two/two.sock` })).toBe('200'),
  },
  listenPort: { to: 3000, seen: 'worker' },
  http2Cleartext: { to: true, seen: 'worker' },
  backlog: { to: 77, seen: 'worker' },
  forwardedAllowIps: { to: ['10.0.0.0/8'], seen: 'worker' },
  forwarderHeaders: { to: ['Forwarded'], seen: 'worker' },
  proxyProtocol: { to: 'auto', seen: 'worker' },
  proxyAllowFrom: { to: ['10.0.0.0/8'], seen: 'worker' },
  uwsgiAllowFrom: { to: ['10.0.0.0/8'], seen: 'worker' },
  secureSchemeHeaders: { to: { 'X-Scheme': 'https' }, seen: 'worker' },
  // Without a certificate nobody reads these files: test/integration/tls.full.test.ts.
  keyfile: { to: 'key.pem', as: (directory) => [`${directory}/two/key.pem`], seen: 'worker' },
  ocspFile: { to: 'ocsp.der', as: (directory) => [`${directory}/two/ocsp.der`], seen: 'worker' },
  caCerts: { to: 'ca.pem', as: inDirectory('two/ca.pem'), seen: 'worker' },
  certReqs: { to: 'optional', seen: 'worker' },
  crl: { to: 'crl.pem', as: inDirectory('two/crl.pem'), seen: 'worker' },
  ciphers: { to: 'ECDHE-RSA-AES128-GCM-SHA256', seen: 'worker' },
  tlsMin: { to: '1.3', seen: 'worker' },
  handshakeTimeout: { to: 7, seen: 'worker' },
  hsts: { to: 300, as: () => 'max-age=300', seen: 'worker' },
  workers: { to: 2, seen: ({ running }) => void expect(running.workers()).toHaveLength(3) },
  workersMin: {
    to: 2,
    seen: async ({ running, log }) => {
      running.signal('SIGTTOU');
      await running.waitFor(() => /stays 2: workers-min is reached/.test(log()), 'the lower limit');
    },
  },
  workersMax: {
    to: 2,
    seen: async ({ running, log }) => {
      running.signal('SIGTTIN');
      await running.waitFor(() => /stays 2: workers-max is reached/.test(log()), 'the upper limit');
    },
  },
  // With the two that serve there are three processes: see `workers`.
  spareWorkers: { to: 1, seen: ({ running }) => void expect(running.workers()).toHaveLength(3) },
  workerClass: { to: 'thread', seen: 'worker' },
  // The arbiter reads it from the generation that serves: test/unit/arbiter/arbiter.reload.test.ts.
  reloadBatch: { to: 2, seen: 'worker' },
  workerConnections: { to: 99, seen: 'worker' },
  threads: { to: 1, seen: 'worker' },
  threadMaxMemory: { to: '64M', as: () => 64 * MIB, seen: 'worker' },
  workerHeap: {
    to: '300M',
    as: () => 300 * MIB,
    seen: ({ running }) => void expect(running.stderr).toMatch(/Heap of each worker: .*thread-max-memory/),
  },
  threadQueue: { to: 5, seen: 'worker' },
  // Whether they run: test/integration/companions.full.test.ts.
  companions: {
    to: { nightly: { run: ['true'], schedule: '0 3 1 1 *' } },
    as: () => ({
      nightly: {
        count: 1,
        run: ['true'],
        schedule: '0 3 1 1 *',
        timeZone: null,
        overlap: false,
        required: false,
        env: {},
        cwd: null,
        timeout: null,
        gracefulTimeout: null,
      },
    }),
    seen: 'worker',
  },
  // Of these the arbiter keeps an eye on each worker by those of its generation: see below.
  timeout: { to: 55, seen: 'worker' },
  gracefulTimeout: { to: 9, seen: 'worker' },
  bootTimeout: { to: 77, seen: 'worker' },
  watchdog: { to: false, seen: 'worker' },
  stallWarning: { to: 3, seen: 'worker' },
  requestWarning: { to: 66, seen: 'worker' },
  requestTimeout: { to: 33, seen: 'worker' },
  queueTimeout: { to: 34, seen: 'worker' },
  drainDelay: {
    to: 44,
    seen: async ({ running, log }) => {
      running.signal('SIGTERM');
      await running.waitFor(() => /Accepting for 44 s more/.test(log()), 'the drain delay');
      running.signal('SIGTERM');
      await running.end();
    },
  },
  readyPath: { to: '/', seen: 'worker' },
  collectPromClient: { to: true, seen: 'worker' },
  otlpEndpoint: { to: 'http://127.0.0.1:9', as: () => null, seen: 'restart' },
  otlpTraces: { to: 'http://127.0.0.1:9', seen: 'worker' },
  otlpTracesRatio: { to: 0.5, seen: 'worker' },
  statsdHost: { to: '127.0.0.1:9', as: () => null, seen: 'restart' },
  statsdPrefix: { to: 'shop', seen: 'worker' },
  dogstatsdTags: { to: 'a:b', seen: 'worker' },
  requestIdHeader: { to: 'X-Request-Id', seen: 'worker' },
  keepAlive: { to: 11, seen: 'worker' },
  limitRequestLine: { to: 1000, seen: 'worker' },
  limitRequestFields: { to: 50, seen: 'worker' },
  limitRequestFieldSize: { to: 1000, seen: 'worker' },
  limitRequestBody: { to: '1M', as: () => MIB, seen: 'worker' },
  bodyFiles: { to: '1G', as: () => 1024 * MIB, seen: 'worker' },
  headerTimeout: { to: 7, seen: 'worker' },
  bodyTimeout: { to: 8, seen: 'worker' },
  writeTimeout: { to: 9, seen: 'worker' },
  headerMap: { to: 'refuse', seen: 'worker' },
  permitUnconventionalHttpMethod: { to: true, seen: 'worker' },
  maxRequests: { to: 1000, seen: 'worker' },
  maxRequestsJitter: { to: 3, seen: 'worker' },
  maxLifetime: { to: 1000, seen: 'worker' },
  maxLifetimeJitter: { to: 3, seen: 'worker' },
  maxMemory: { to: '1G', as: () => ({ bytes: 1024 * MIB }), seen: 'worker' },
  maxHeap: { to: '500M', as: () => 500 * MIB, seen: 'worker' },
  chdir: {
    to: 'two',
    as: inDirectory('two'),
    seen: ({ running, directory }) => {
      for (const pid of [running.pid, ...running.workers()])
        expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(join(directory, 'two'));
    },
  },
  env: {
    to: { FROM_ENV: 'new' },
    seen: ({ running, log }) => {
      // In a hook of the arbiter, and in the workers.
      expect(log()).toContain('childExit sees new, new');
      for (const pid of running.workers())
        expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain('FROM_ENV=new');
    },
  },
  envFile: {
    to: ['new.env'],
    seen: ({ running }) => {
      for (const pid of running.workers())
        expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain('FROM_FILE=new');
    },
  },
  daemon: { to: true, as: () => false, seen: 'restart' },
  pid: {
    to: 'two.pid',
    as: inDirectory('two/two.pid'),
    seen: ({ running, directory }) =>
      void expect(readFileSync(join(directory, 'two/two.pid'), 'utf8').trim()).toBe(`${running.pid}`),
  },
  name: {
    to: 'second',
    seen: ({ running }) => {
      for (const pid of [running.pid, ...running.workers()])
        expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('[second]');
    },
  },
  umask: { to: '027', as: () => null, seen: 'restart' },
  logLevel: { to: 'debug', seen: ({ log }) => void expect(log()).toContain('"level":"debug"') },
  logFormat: {
    to: 'json',
    seen: ({ log }) => {
      for (const line of log().trim().split('\n')) expect(() => JSON.parse(line), line).not.toThrow();
    },
  },
  errorLogfile: {
    to: 'two.log',
    as: inDirectory('two/two.log'),
    seen: ({ log }) => void expect(log()).toContain('Generation 2 is ready'),
  },
  accessLogfile: {
    to: 'access.log',
    as: inDirectory('two/access.log'),
    seen: ({ directory }) => void expect(existsSync(join(directory, 'two/access.log'))).toBe(true),
  },
  accessLogformat: { to: 'json', seen: 'worker' },
  // Both write to the receiver at its address by then, under that name and facility (19 is local3, 6 the level info).
  syslog: { to: true, seen: ({ syslog }) => void expect(syslog.records.length).toBeGreaterThan(0) },
  syslogTo: { to: 'udp://127.0.0.1:PORT', seen: 'worker' },
  syslogPrefix: {
    to: 'shop',
    seen: ({ syslog }) => void expect(syslog.records.at(-1)).toContain(' tsunicorn.shop '),
  },
  syslogFacility: {
    to: 'local3',
    seen: ({ syslog }) => void expect(syslog.records.join('\n')).toContain(`<${19 * 8 + 6}>1 `),
  },
  controlSocket: { to: 'control.sock', as: () => 'auto', seen: 'restart' },
  adminBind: { to: '127.0.0.1:0', as: () => null, seen: 'restart' },
  // What the arbiter asks for follows from the generation, see admin.test.ts; no worker is told.
  adminToken: {
    to: 'a-secret',
    as: () => null,
    isHidden: true,
    seen: ({ directory }) =>
      void expect(readFileSync(join(directory, 'boot-2.json'), 'utf8')).not.toContain('a-secret'),
  },
  readyQuorum: { to: 2, seen: 'worker' },
  reload: { to: true, as: () => false, seen: 'restart' },
  reloadExtraFile: { to: ['a.html'], seen: 'worker' },
  debug: { to: true, seen: 'worker' },
};

const FIXED: readonly string[] = [
  ...['config', 'checkConfig', 'printConfig', 'user', 'group', 'initgroups'],
  ...['waitReady', 'certfile', 'httpProtocols', 'protocol'],
];
const NAMES = Object.keys(CHANGES) as (keyof typeof CHANGES)[];

const hook = `childExit(arbiter) {
  arbiter.log.info('childExit sees ' + process.env.FROM_ENV + ', ' + process.env.FROM_FILE);
}`;

async function reloaded(): Promise<Seen> {
  const syslog = await receiveUdp();
  const directory = temporaryDirectory({
    'tsunicorn.config.mjs': `export default { chdir: 'one', ${hook} };\n`,
    'new.env': 'FROM_FILE=new\n',
  });
  for (const name of ['one', 'two']) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, `${name}.mjs`), 'export default (_, res) => res.end();\n');
  }
  writeFileSync(join(directory, 'one/two.mjs'), '');
  const running = start([], {
    cwd: directory,
    env: {
      TSUNICORN_APP: 'one.mjs',
      TSUNICORN_BIND: '127.0.0.1:0',
      NODE_OPTIONS: `--require=${join(root, 'test/fixtures/preloads/boot-spy.cjs')}`,
      BOOT_SPY: directory,
      NODE_ENV: 'test',
    },
  });
  await running.url();
  const settings = Object.fromEntries(NAMES.map((name) => [name, CHANGES[name].to]));
  const text = JSON.stringify(settings).replace('PORT', `${syslog.port}`);
  writeFileSync(join(directory, 'tsunicorn.config.mjs'), `export default { ...${text}, ${hook} };\n`);
  running.signal('SIGHUP');
  const log = () => {
    const file = join(directory, 'two/two.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  await running.waitFor(
    () => /childExit/.test(log()) || (/Reload (refused|undone)/.test(running.stderr) && running.stderr),
    'the old worker to exit',
  );
  expect(running.stderr).not.toMatch(/Reload (refused|undone)/);
  const isComplete = () =>
    (log().match(/Worker stands by/g) ?? []).length >= 2 && running.workers().length === 3;
  // The first has logged that it stands by when the old log was still in use.
  await running.waitFor(isComplete, 'two workers and a spare');
  return { running, directory, log, syslog };
}

it('every setting that HUP reads is applied, or a line says that it needs a restart', async () => {
  expect([...NAMES, ...FIXED].toSorted()).toEqual(settingNames.toSorted());
  const seen = await reloaded();
  const { running, directory, syslog } = seen;
  const before = JSON.parse(readFileSync(join(directory, 'boot-1.json'), 'utf8'));
  const booted = JSON.parse(readFileSync(join(directory, 'boot-2.json'), 'utf8'));
  for (const name of NAMES) {
    const { to, as, seen: how, isHidden }: Change = CHANGES[name];
    const wanted = as === undefined ? to : as(directory);
    expect({ [name]: booted[name] }).toEqual({
      [name]: typeof wanted === 'string' ? wanted.replace('PORT', `${syslog.port}`) : wanted,
    });
    if (how === 'restart') {
      expect(booted[name]).toEqual(before[name]);
      expect(settingOf(name).restart).toBe(true);
      expect(running.stderr).toMatch(new RegExp(`WARNING\\] tsunicorn.config.mjs: ${name} needs a restart`));
    } else {
      if (!isHidden) expect({ [name]: booted[name] }).not.toEqual({ [name]: before[name] });
      expect(settingOf(name).restart).toBeUndefined();
    }
  }
  // TERM, by which the drain delay is seen, comes last.
  const probes = NAMES.toSorted((a, b) => Number(a === 'drainDelay') - Number(b === 'drainDelay'));
  for (const name of probes) {
    const { seen: how } = CHANGES[name];
    if (typeof how === 'function') await how(seen);
  }
});
