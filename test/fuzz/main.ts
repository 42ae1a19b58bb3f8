import { parseArgs } from 'node:util';
import { wholeNumber } from '../../scripts/support/whole-number.ts';
import build from '../support/build.ts';
import { drawFor, type Failure, fuzz, replay } from './fuzz.ts';
import { type Name, TRIED } from './service.ts';
import { shrink } from './shrink.ts';

// npm run fuzz [-- --seed N --class all|async|sync|thread|http2|http2-app --requests N --seconds N --connection N]

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    class: { type: 'string', default: 'all' },
    requests: { type: 'string', default: '200000' },
    seconds: { type: 'string' },
    connection: { type: 'string' },
  },
});

/** Of those that were under way at a failure, the latest are tried alone. */
const MOST_SUSPECTS = 40;

build();
process.exitCode = await main();

async function main(): Promise<number> {
  const seed = wholeNumber('seed', values.seed, Date.now() % 1_000_000_000);
  const names = (Object.keys(TRIED) as Name[]).filter(
    (name) => values.class === 'all' || name === values.class,
  );
  if (names.length === 0) throw new Error(`--class is all or one of ${Object.keys(TRIED).join(', ')}`);
  const seconds = wholeNumber('seconds', values.seconds, Infinity);
  let failed = 0;
  for (const name of names) {
    if (values.connection !== undefined) {
      failed += await again(name, seed, wholeNumber('connection', values.connection));
      continue;
    }
    const lastsMs = (seconds * 1000) / names.length;
    const { failure, requests, connections, honest } = await fuzz({
      ...{ name, seed, lastsMs, requests: wholeNumber('requests', values.requests) },
      say: console.log,
    });
    if (failure === null)
      console.log(
        `${name}: seed ${seed} holds: ${requests} requests, ${connections} connections, ${honest} honest ones`,
      );
    else {
      failed++;
      await report(name, seed, failure);
    }
  }
  return failed === 0 ? 0 : 1;
}

async function again(name: Name, seed: number, connection: number): Promise<number> {
  const script = drawFor(name)(seed, connection);
  console.log(JSON.stringify(script));
  const fault = await replay(name, connection, script);
  console.log(fault ?? 'it holds');
  return fault === null ? 0 : 1;
}

/** Looks for the connection that does the harm alone. */
async function report(name: Name, seed: number, { what, connections }: Failure): Promise<void> {
  console.log(`${name}: seed ${seed} fails: ${what}; connections ${connections.join(', ')}`);
  for (const connection of connections.slice(-MOST_SUSPECTS)) {
    const script = drawFor(name)(seed, connection);
    const fault = await replay(name, connection, script);
    if (fault === null) continue;
    console.log(`again: npm run fuzz -- --seed ${seed} --class ${name} --connection ${connection}: ${fault}`);
    console.log(`the shortest found: ${JSON.stringify(await shrink(name, connection, script))}`);
    return;
  }
  console.log('none of the connections that were there does it alone');
}
