import { join } from 'node:path';
import { describe, it } from 'vitest';
import { sharedDirectory, shareServers } from '../shared.ts';
import { root } from '../tsunicorn.ts';
import { bodies } from './bodies.ts';
import { connections } from './connections.ts';
import { failures } from './failures.ts';
import { messages } from './messages.ts';
import { CLASSES, Target } from './target.ts';

const CASES = { ...messages, ...bodies, ...connections, ...failures };
const SHAPES = ['node', 'fetch', 'gateway'] as const;

/** Runs every case against a worker class, for each shape of an application, on TCP and on a Unix socket. */
export function conform(name: keyof typeof CLASSES): void {
  const directory = sharedDirectory();
  const traits = CLASSES[name];
  const combinations = SHAPES.flatMap((shape) => [
    { shape, on: 'TCP', bind: '127.0.0.1:0', accessLog: join(directory, `${shape}-tcp.log`) },
    {
      shape,
      on: 'a Unix socket',
      bind: `unix:${join(directory, `${shape}.sock`)}`,
      accessLog: join(directory, `${shape}-unix.log`),
    },
  ]);
  const servers = shareServers(
    combinations.map(({ shape, bind, accessLog }) => [
      ...traits.args,
      ...['--access-logfile', accessLog, '--access-logformat', '%(q)s %(s)s'],
      ...['-b', bind],
      join(root, `test/fixtures/conformance/${shape}.ts:app`),
    ]),
    { cwd: directory },
  );
  for (const [index, served] of servers.entries()) {
    const { shape, on, accessLog } = combinations[index] ?? { shape: '', on: '', accessLog: '' };
    describe(`${name} workers of a ${shape} application on ${on}`, () => {
      const target = new Target(traits, served, accessLog);
      for (const [title, check] of Object.entries(CASES)) it(title, () => check(target));
    });
  }
}
