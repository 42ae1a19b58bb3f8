import net from 'node:net';
import { applicationOf, entryOf } from './application.ts';
import type { Draw } from './draw.ts';
import type { Staging } from './scenario.ts';
import { Stage } from './stage.ts';

/** Starts the service of a staging; resolves when it serves, or has something to say instead. */
export async function open(staging: Staging, draw: Draw, adminPort?: number): Promise<Stage> {
  const { startsNot, isUnsteady, isRelease, prepare, env, address } = staging;
  const taken = await holdPort();
  const stage = new Stage({
    files: staging.files ?? { 'app.mjs': applicationOf(programOf(staging, draw)) },
    args: argumentsOf(staging, draw).map((text) => text.replace('PORT', `${taken.port}`)),
    through: isRelease ? IN_RELEASE : staging.through,
    ...{ prepare, env, address, adminPort },
  });
  try {
    if (startsNot) await stage.ended();
    else if (isUnsteady) await stage.answers();
    else await stage.served();
  } catch (error) {
    // Nobody else knows of it yet.
    await stage.close();
    throw error;
  } finally {
    taken.close();
  }
  return stage;
}

/** As it would be typed, without what the stage adds. */
export function argumentsOf(staging: Staging, draw: Draw): readonly string[] {
  const { workers = draw.workers, args = [] } = staging;
  const workerClass = staging.workerClass ?? draw.workerClass;
  const ofClass = workerClass === 'async' ? [] : ['-k', workerClass];
  return [entryOf(programOf(staging, draw)), '-w', `${workers}`, ...ofClass, ...args];
}

function programOf(staging: Staging, draw: Draw) {
  const { program = draw.program } = staging;
  return { program, paths: draw.paths };
}

/** Through a link to one of two releases. */
const IN_RELEASE = [
  ...['sh', '-c'],
  'mkdir release-1 release-2 && cp app.mjs release-1 && cp app.mjs release-2 && ln -s release-1 current && cd current && exec "$@"',
  'sh',
];

/** A port of 127.0.0.1 that is free. */
export async function freePort(): Promise<number> {
  const { port, close } = await holdPort();
  close();
  return port;
}

async function holdPort(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return { port, close: () => server.close() };
}
