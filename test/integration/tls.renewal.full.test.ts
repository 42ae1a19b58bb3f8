import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Agent } from 'node:https';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { certify, type Files } from '../support/certificates.ts';
import { askResuming, askSecurely } from '../support/tls-client.ts';
import { app, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const view = app('tls-view.mjs:app');

/** How somebody puts a new certificate in the place of another one. */
interface Way {
  /** Puts the first one there; returns where it is. */
  begin(directory: string, made: Files): Files;
  replace(directory: string, made: Files): void;
}

const copy = ({ cert, key }: Files, to: Files) => {
  mkdirSync(dirname(to.cert), { recursive: true });
  copyFileSync(cert, to.cert);
  copyFileSync(key, to.key);
};
const at = (directory: string, ...path: readonly string[]): Files => ({
  cert: join(directory, ...path, 'fullchain.pem'),
  key: join(directory, ...path, 'privkey.pem'),
});
const relink = (path: string, target: string) => {
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
};

const WAYS: Readonly<Record<string, Way>> = {
  // A link for each file, into a directory of all versions, which is removed and made again.
  certbot: {
    begin(directory, made) {
      copy(made, at(directory, 'archive', '1'));
      mkdirSync(join(directory, 'live'));
      for (const name of ['fullchain.pem', 'privkey.pem'])
        symlinkSync(`../archive/1/${name}`, join(directory, 'live', name));
      return at(directory, 'live');
    },
    replace(directory, made) {
      copy(made, at(directory, 'archive', '2'));
      for (const name of ['privkey.pem', 'fullchain.pem']) {
        rmSync(join(directory, 'live', name));
        symlinkSync(`../archive/2/${name}`, join(directory, 'live', name));
      }
    },
  },
  // New files, renamed over the old ones.
  caddy: {
    begin(directory, made) {
      copy(made, at(directory, 'site'));
      return at(directory, 'site');
    },
    replace(directory, made) {
      const [to, next] = [at(directory, 'site'), at(directory, 'next')];
      copy(made, next);
      renameSync(next.key, to.key);
      renameSync(next.cert, to.cert);
    },
  },
  // The same files, written again.
  lego: {
    begin(directory, made) {
      copy(made, at(directory, 'certificates'));
      return at(directory, 'certificates');
    },
    replace(directory, made) {
      writeFileSync(at(directory, 'certificates').cert, readFileSync(made.cert));
      writeFileSync(at(directory, 'certificates').key, readFileSync(made.key));
    },
  },
  // Links to a directory that is itself a link, which is changed at one stroke.
  'cert-manager': {
    begin(directory, made) {
      copy(made, at(directory, 'tls', '..one'));
      symlinkSync('..one', join(directory, 'tls', '..data'));
      for (const name of ['fullchain.pem', 'privkey.pem'])
        symlinkSync(`..data/${name}`, join(directory, 'tls', name));
      return at(directory, 'tls');
    },
    replace(directory, made) {
      copy(made, at(directory, 'tls', '..two'));
      relink(join(directory, 'tls', '..data'), '..two');
      rmSync(join(directory, 'tls', '..one'), { recursive: true });
    },
  },
};

const portOf = ({ at: url }: { readonly at: string }) => Number(new URL(url).port);

/** The certificates that new connections get, one after another. */
async function served(port: number, servername: string, times = 8): Promise<readonly string[]> {
  const all = new Set<string>();
  for (let count = 0; count < times; count++) all.add((await askSecurely(port, { servername })).certificate);
  return [...all];
}

/** Resolves when new connections get that certificate alone: it may still be on its way to a worker. */
async function turns(port: number, servername: string, certificate: string): Promise<void> {
  while ((await served(port, servername)).join() !== certificate);
}

/** Asks until it is told to stop, on a kept connection and on new ones; then resolves with all that came of it. */
function load(port: number): () => Promise<readonly string[]> {
  const stop = new AbortController();
  const outcomes = new Set<string>();
  const client = async (keepAlive: boolean) => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!stop.signal.aborted)
      outcomes.add(await askSecurely(port, { agent }).then(({ status }) => `${status}`, String));
    agent.destroy();
  };
  const clients = [true, false].map(client);
  return async () => {
    stop.abort();
    await Promise.all(clients);
    return [...outcomes];
  };
}

const pairs = (all: readonly Files[]) =>
  all.flatMap(({ cert, key }) => ['--certfile', cert, '--keyfile', key]);

it('certificates are served by all workers, however they are replaced, and no request is lost', async () => {
  const ways = Object.entries(WAYS).map(([who, way]) => {
    const directory = temporaryDirectory();
    return { way, directory, name: `${who}.test`, cn: who };
  });
  const files = ways.map(({ way, directory, name, cn }) =>
    way.begin(directory, certify(directory, 'one', { names: [`one.${cn}`, name] })),
  );
  const running = await serve(['-w', '2', ...pairs(files), view]);
  const port = portOf(running);
  const workers = running.workers();
  const { session } = await askResuming(port);
  const end = load(port);
  for (const { way, directory, name, cn } of ways) {
    expect(await served(port, name, 1)).toEqual([`one.${cn}`]);
    const seen = running.stderr.length;
    way.replace(directory, certify(directory, 'two', { names: [`two.${cn}`, name] }));
    await running.waitForLog(new RegExp(`all workers get the new ones[^]*Certificate of two\\.${cn} `), seen);
    await turns(port, name, `two.${cn}`);
  }
  expect(await end()).toEqual(['200']);
  expect((await askResuming(port, { session })).isResumed).toBe(true);
  expect(running.workers()).toEqual(workers);
});

it('a bad certificate changes nothing, whether files change or a reload reads them', async () => {
  const directory = temporaryDirectory();
  const files = certify(directory, 'one', { names: ['one.test'] });
  const running = await serve(['-w', '2', ...pairs([files]), view]);
  const port = portOf(running);
  copyFileSync(certify(directory, 'two').cert, files.cert);
  running.signal('SIGHUP');
  await running.waitForLog(/--keyfile .*one\.key: the key does not match the certificate/);
  await running.waitForLog(
    /The changed certificates are not used, the ones before serve on: --keyfile .*: the key does not match/,
  );
  // A worker that is started meanwhile gets the old ones too.
  running.signal('SIGTTIN');
  await running.waitForWorkers(3);
  rmSync(files.key);
  expect(await served(port, 'one.test')).toEqual(['one.test']);
  certify(directory, 'one', { names: ['three.test'] });
  await running.waitForLog(/Certificate of three\.test/);
  await turns(port, 'one.test', 'three.test');
});
