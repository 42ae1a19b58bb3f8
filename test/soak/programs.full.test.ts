import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSocket, wasClosedWith } from '../compatibility/checks.ts';
import type { Protocol } from '../compatibility/fixture.ts';
import { cached } from '../compatibility/install.ts';
import { type Load, startLoad } from '../compatibility/load.ts';
import { freePort } from '../support/free-port.ts';
import { root } from '../support/tsunicorn.ts';
import { form, plan } from './plan.ts';
import { type Soaked, soak, soakUnnamed } from './soaked.ts';

const WORKERS = 2;
const CLIENTS = 6;
const MINUTES = 60_000;
const SOCKET_IO = '/socket.io/?EIO=4&transport=websocket';

interface Program {
  readonly name: string;
  readonly path: string;
  readonly protocol?: Protocol;
  /** The path of its WebSockets. */
  readonly sockets?: string;
  /** Nothing but the program says where it is served. */
  readonly isUnnamed?: true;
  /** It listens at another port too. */
  readonly hasSide?: true;
}

const ours = (file: string) => join(root, 'test/fixtures/programs', file);
/** In the folder in which `npm run compatibility` has installed and built a group. */
const built = (group: string, file: string) => join(cached(group), file);

const PROGRAMS: readonly Program[] = [
  { name: 'a program with a port of its own', path: ours('own-port.mjs'), isUnnamed: true },
  { name: 'a program with a side port', path: ours('beside.mjs'), hasSide: true },
  { name: 'a program that listens late', path: ours('late.mjs') },
  { name: 'a program that speaks TLS', path: ours('tls.mjs'), protocol: 'https' },
];

/** Of packages, which `npm run compatibility` reloads too, but not as often. */
const PACKAGES: readonly Program[] = [
  { name: 'Express', path: ours('express.cjs') },
  { name: 'Fastify', path: ours('fastify.mjs') },
  { name: 'Socket.IO', path: ours('socket-io.mjs'), sockets: SOCKET_IO },
];

/** Of packages that the repository does not have; where they are not built, the long form says so. */
const BUILT: readonly Program[] = [
  { name: 'NestJS on Express', path: built('nest', 'dist/express-main.js'), sockets: SOCKET_IO },
  { name: 'NestJS on Fastify', path: built('nest', 'dist/fastify-main.js'), sockets: SOCKET_IO },
  { name: 'Next.js', path: built('next', 'next-standalone/.next/standalone/next-standalone/server.js') },
];

function chosen(): readonly Program[] {
  if (form === 'short') return PROGRAMS;
  if (form === 'medium') return [...PACKAGES, ...PROGRAMS];
  const missing = BUILT.filter(({ path }) => !existsSync(path));
  for (const { name } of missing)
    console.warn(`SKIPPED: ${name} is not built here; "npm run compatibility -- --all" does it`);
  return [...PACKAGES, ...BUILT.filter((one) => !missing.includes(one)), ...PROGRAMS];
}

interface Served {
  readonly service: Soaked;
  readonly origin: string;
  /** The clients of each of its ports. */
  readonly loads: readonly Load[];
}

/** The program under load, at every port that it listens on. */
async function underLoad({ path, protocol = 'http', isUnnamed, hasSide }: Program): Promise<Served> {
  const [own, side] = [freePort(), freePort()];
  const env = { OWN_PORT: `${own}`, SIDE_PORT: `${side}` };
  const service = isUnnamed
    ? await soakUnnamed(path, hasSide ? ['--listen-port', `${own}`] : [], WORKERS, env)
    : await soak(path, [], WORKERS, env);
  const [origin = ''] = service.urls;
  const origins = hasSide ? [origin, `http://127.0.0.1:${side}`] : [origin];
  const loads = origins.map((one) => startLoad({ protocol, hello: { path: '/' } }, one, CLIENTS));
  return { service, origin, loads };
}

/** How many requests each port has answered, and what became of the others. */
async function results(name: string, loads: readonly Load[]) {
  const found = await Promise.all(loads.map((load) => load.stop()));
  if (form !== 'short') console.log(`${name}: ${found.map(({ answered }) => answered).join(' + ')} answered`);
  return {
    answered: found.map(({ answered }) => answered),
    failures: found.flatMap(({ failures }) => failures),
  };
}

const timeout = form === 'long' ? 15 * MINUTES : 5 * MINUTES;

it.each(chosen())('no reload of $name loses a request', { timeout }, async (program) => {
  const { name, sockets } = program;
  const { service, origin, loads } = await underLoad(program);
  for (let reloads = 0; reloads < plan.programReloads; reloads++) {
    const socket = sockets === undefined ? null : await openSocket(origin, sockets);
    await service.reload();
    if (socket !== null) await wasClosedWith(socket, 1001);
  }
  const { answered, failures } = await results(name, loads);
  expect(failures).toEqual([]);
  for (const count of answered) expect(count).toBeGreaterThan(plan.programReloads);
  expect(service.log).not.toMatch(/ERROR|CRITICAL/);
});

it('no connection is refused where workers of a program are killed, that which bound its ports first, or all', async () => {
  const name = 'a program with two ports of its own';
  const program: Program = { name, path: ours('beside.mjs'), isUnnamed: true, hasSide: true };
  const { service, loads } = await underLoad(program);
  const [, first] = /Booting worker with pid: (\d+)/.exec(service.log) ?? [];
  expect(service.workers()[0]).toBe(Number(first));
  for (let kills = 0; kills < plan.programKills; kills++) {
    await service.killed(service.workers().slice(0, 1));
    await service.killed(service.workers());
  }
  const { answered, failures } = await results(name, loads);
  expect(failures.filter((failure) => failure === 'ECONNREFUSED')).toEqual([]);
  for (const count of answered) expect(count).toBeGreaterThan(plan.programKills);
});
