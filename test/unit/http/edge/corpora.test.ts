import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EdgeLimits, NO_LIMITS } from '../../../../src/http/edge/limits.ts';
import { CORPORA } from '../../../support/corpora.ts';
import { type Engine, startEngine } from '../../../support/http-engine.ts';

// Requests that other projects have collected, which are not in this tree. They are read from where they are kept.
const isThere = existsSync(CORPORA);
if (!isThere)
  console.warn(
    `SKIPPED: 254 requests of two collections, as ${CORPORA} is missing (TSUNICORN_CORPORA names another folder)`,
  );

function read<T>(file: string): readonly T[] {
  return isThere ? JSON.parse(readFileSync(join(CORPORA, file), 'utf8')) : [];
}

/** Each class has this engine; where every answer ends its connection, as in class sync, it goes another way. */
const ENGINES = [
  ['that keeps connections', 5000],
  ['that keeps none', 0],
] as const;

function serve(keepAliveMs: number, limits: Partial<EdgeLimits> = {}): Promise<Engine> {
  return startEngine({
    keepAliveMs,
    limits: { ...NO_LIMITS, line: 4094, fields: 100, fieldSize: 8190, ...limits },
    handler: async (request, response) => {
      for await (const _ of request);
      response.writeHead(200, { 'Content-Length': 8 }).end('answered');
    },
  });
}

/** The statuses of all answers; the client ends its side once nothing comes any more. */
async function statuses(engine: Engine, bytes: string): Promise<readonly number[]> {
  const wire = await engine.send('');
  wire.socket.write(bytes, 'latin1');
  let ended = false;
  wire.ended.then(() => {
    ended = true;
  });
  const { localPort } = wire.socket;
  const accepted = () => engine.accepted.find(({ remotePort }) => remotePort === localPort);
  // Once each side has read what the other has written, an answer takes no more than some turns of the event loop. An engine
  // that reads no further is waited for longer, as it may be the kernel of a busy machine that has not brought the rest.
  for (let still = 0, before = '', turns = 20; still < turns && !ended; ) {
    await new Promise((done) => setTimeout(done, 5));
    const [near, far] = [wire.socket, accepted()];
    const now = `${near.bytesRead} ${far?.bytesRead}`;
    still = now === before ? still + 1 : 0;
    before = now;
    turns = far?.bytesRead === near.bytesWritten && near.bytesRead === far.bytesWritten ? 20 : 100;
  }
  wire.socket.destroy();
  return [...wire.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const isAnswer = (status: number) => status >= 200 && status < 300;

interface OfGunicorn {
  readonly name: string;
  readonly valid: boolean;
  readonly settings: Readonly<Record<string, string>>;
  readonly requests: number;
  readonly latin1: string;
}

interface OfProbe {
  readonly id: string;
  readonly scored: boolean;
  readonly expected: string;
  readonly latin1: string;
}

/** As the settings of the same names give them. */
function limitsOf(settings: OfGunicorn['settings']): Partial<EdgeLimits> {
  const sizes = [
    ['line', settings.limit_request_line],
    ['fields', settings.limit_request_fields],
    ['fieldSize', settings.limit_request_field_size],
  ] as const;
  const refusesUnderscores = settings.header_map === 'refuse';
  const numbers = Object.fromEntries(
    sizes.flatMap(([key, text]) => (Number(text) > 0 ? [[key, Number(text)]] : [])),
  );
  return { ...numbers, refusesUnderscores };
}

/** Most of Gunicorn's valid requests of HTTP/1.1 have no Host, which it does not ask for. */
function withHost(bytes: string): string {
  return /\r\nHost:/i.test(bytes) ? bytes : bytes.replaceAll(' HTTP/1.1\r\n', ' HTTP/1.1\r\nHost: x\r\n');
}

/** What docs/edge.md gives the reasons for. */
const NOT_ANSWERED = [
  ...[
    '005',
    '009',
    '012',
    '013',
    '025',
    '025_line',
    '027',
    '028',
    '029',
    '030',
    '031',
    '031compat',
    '031compat2',
    '099',
  ],
  ...['compat_obs_fold', 'compat_obs_fold_huge', 'pp_01', 'pp_02', 'pp_04', 'pp_05'],
  ...['rfc9112_smuggle_gzip_chunked_01', 'rfc9112_smuggle_te_identity_chunked_01'],
  ...[
    'rfc9112_target_absolute_userinfo_01',
    'rfc9112_target_authority_connect_01',
    'rfc9112_target_authority_ipv6_01',
  ],
];

/** The names of samples for which `isGood` is false. */
async function failing<T>(
  samples: readonly T[],
  nameOf: (sample: T) => string,
  isGood: (sample: T) => Promise<boolean>,
): Promise<readonly string[]> {
  const judged = await Promise.all(
    samples.map(async (sample) => ((await isGood(sample)) ? [] : [nameOf(sample)])),
  );
  return judged.flat();
}

describe.skipIf(!isThere).each(ENGINES)('an engine %s', (_what, keepAliveMs) => {
  const gunicorn = read<OfGunicorn>('gunicorn-requests.json');

  it('refuses all that Gunicorn calls invalid', async () => {
    const invalid = gunicorn.filter(({ valid }) => !valid);
    expect(invalid).toHaveLength(74);
    const taken = await failing(
      invalid,
      ({ name }) => name,
      async ({ settings, latin1 }) => {
        const engine = await serve(keepAliveMs, limitsOf(settings));
        return !isAnswer((await statuses(engine, latin1)).at(-1) ?? 0);
      },
    );
    expect(taken).toEqual([]);
  });

  it('answers all that Gunicorn calls valid, but for what cannot be', async () => {
    const valid = gunicorn.filter((sample) => sample.valid);
    const refused = await failing(
      valid,
      ({ name }) => name.replace('valid/', ''),
      async (sample) => {
        const engine = await serve(keepAliveMs, limitsOf(sample.settings));
        const answers = (await statuses(engine, withHost(sample.latin1))).filter(isAnswer).length;
        return answers === (keepAliveMs === 0 ? 1 : sample.requests);
      },
    );
    expect(refused).toEqual(NOT_ANSWERED);
  });

  it('gives what Http11Probe expects', async () => {
    const scored = read<OfProbe>('http11probe.json').filter((sample) => sample.scored);
    const engine = await serve(keepAliveMs);
    const failed = await failing(
      scored,
      ({ id }) => id,
      async ({ expected, latin1 }) => {
        const got = await statuses(engine, latin1);
        if (expected.startsWith('!')) return !got.includes(Number(expected.slice(1)));
        return got.some(isAnswer) ? /2xx/.test(expected) : !/^2xx/.test(expected) || /close/.test(expected);
      },
    );
    expect(failed).toEqual([]);
  });
});
