import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSocket, wasClosedWith } from '../compatibility/checks.ts';
import type { Protocol } from '../compatibility/fixture.ts';
import { cached } from '../compatibility/install.ts';
import { startLoad } from '../compatibility/load.ts';
import { root } from '../support/tsunicorn.ts';
import { isLong, plan } from './plan.ts';
import { soak } from './soaked.ts';

const WORKERS = 2;
const CLIENTS = 6;
const MINUTES = 60_000;

interface Program {
  readonly name: string;
  readonly path: string;
  readonly protocol?: Protocol;
  /** The path of its WebSockets. */
  readonly sockets?: string;
}

const ours = (file: string) => join(root, 'test/fixtures/programs', file);
/** In the folder in which `npm run compatibility` has installed and built a group. */
const built = (group: string, file: string) => join(cached(group), file);

const PROGRAMS: readonly Program[] = [
  { name: 'Express', path: ours('express.cjs') },
  { name: 'Fastify', path: ours('fastify.mjs') },
  { name: 'Socket.IO', path: ours('socket-io.mjs'), sockets: '/socket.io/?EIO=4&transport=websocket' },
  { name: 'a program with a port of its own', path: ours('plain.mjs') },
  { name: 'a program that listens late', path: ours('late.mjs') },
  { name: 'a program that speaks TLS', path: ours('tls.mjs'), protocol: 'https' },
];

/** Of packages that the repository does not have; where they are not built, the long form says so. */
const BUILT: readonly Program[] = [
  { name: 'NestJS', path: built('nest', 'dist/express-main.js') },
  { name: 'Next.js', path: built('next', 'next-standalone/.next/standalone/next-standalone/server.js') },
];

function chosen(): readonly Program[] {
  if (!isLong) return PROGRAMS;
  const missing = BUILT.filter(({ path }) => !existsSync(path));
  for (const { name } of missing)
    console.warn(`SKIPPED: ${name} is not built here; "npm run compatibility -- --all" does it`);
  return [...PROGRAMS, ...BUILT.filter((one) => !missing.includes(one))];
}

it.each(chosen())(
  'no reload of $name loses a request',
  { timeout: isLong ? 15 * MINUTES : 5 * MINUTES },
  async ({ path, protocol = 'http', sockets }) => {
    const service = await soak(path, [], WORKERS);
    const [origin = ''] = service.urls;
    const load = startLoad({ protocol, hello: { path: '/' } }, origin, CLIENTS);
    for (let reloads = 0; reloads < plan.programReloads; reloads++) {
      const socket = sockets === undefined ? null : await openSocket(origin, sockets);
      await service.reload();
      if (socket !== null) await wasClosedWith(socket, 1001);
    }
    expect(await load.stop()).toMatchObject({ failures: [] });
    expect(load.answered()).toBeGreaterThan(plan.programReloads);
    expect(service.log).not.toMatch(/ERROR|CRITICAL/);
  },
);
