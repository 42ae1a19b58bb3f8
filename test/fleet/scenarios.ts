import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { plainEnvironment } from '../../bench/processes.ts';
import { built } from '../support/tsunicorn.ts';
import { FRONTS, type FrontName } from './fronts.ts';
import { type Network, setLink, signalAll } from './network.ts';
import type { Allowed } from './sent.ts';
import type { Service } from './service.ts';

/** What a scenario acts on. */
export interface Fleet {
  readonly network: Network;
  readonly services: readonly Service[];
  readonly directory: string;
  readonly quick: boolean;
}

/** What happens to the machines under load. */
export interface Scenario {
  readonly title: string;
  readonly fronts: readonly FrontName[];
  /** The fronts of the short form. */
  readonly quick: readonly FrontName[];
  /** Resolves, when it is over and all machines serve, with when POSTs may have failed; null where none may. A GET never may. */
  readonly act: (fleet: Fleet) => Promise<Allowed | null>;
}

/**
 * From the end of a machine until the front has seen it: a check that has just gone well, the pause until the next, and two
 * that are not answered (deploy/fleet/haproxy.conf), and as much again as a busy machine is late.
 */
const SEEN_MS = 2000;
const LATE_MS = 1000;
/** Requests of the load that are under way were due at most so long before. */
const UNDER_WAY_MS = 500;
/** Until the front sends requests to a machine that is back. */
const BACK_MS = 2000;
const HOLD_MS = 4000;

function since(fromMs: number): Allowed {
  return { fromMs: fromMs - UNDER_WAY_MS, toMs: fromMs + SEEN_MS + LATE_MS };
}

/** `tsunicornctl roll` over all machines. Rejects where it does not end with 0. */
async function roll({ services, directory, quick }: Fleet, ...more: readonly string[]): Promise<null> {
  const ssh = join(directory, 'ssh');
  const ctl = join(built, 'bin/tsunicornctl.js');
  writeFileSync(ssh, `#!/bin/sh\nexec ip netns exec "$1" sh -c "$2"\n`);
  chmodSync(ssh, 0o755);
  // What env finds there may be another Node.
  const there = join(directory, 'tsunicornctl');
  writeFileSync(there, `#!/bin/sh\nexec '${process.execPath}' '${ctl}' "$@"\n`);
  chmodSync(there, 0o755);
  const hosts = join(directory, 'hosts.txt');
  writeFileSync(
    hosts,
    services.map(({ machine, socket }) => `${machine.name} --socket ${socket} --ctl ${there}\n`).join(''),
  );
  const args = ['roll', hosts, '--ssh', ssh, '--window', quick ? '1' : '5', '--max-p99', 'none', ...more];
  const child = spawn(process.execPath, [ctl, ...args], { env: plainEnvironment(), stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`tsunicornctl roll ended with ${status}:\n${output}`);
  return null;
}

/** Stops one machine after the other and starts it again, as where its kernel is to be replaced. */
async function replaced({ services }: Fleet): Promise<null> {
  for (const service of services) {
    await service.stop();
    await service.start();
    await pause(BACK_MS);
  }
  return null;
}

async function vanishes({ services: [service] }: Fleet): Promise<Allowed | null> {
  if (service === undefined) return null;
  const fromMs = Date.now();
  signalAll(service.machine, 'SIGKILL');
  await service.gone();
  await pause(HOLD_MS);
  await service.start();
  await pause(BACK_MS);
  return since(fromMs);
}

async function unplugged({ network }: Fleet): Promise<Allowed | null> {
  const [, host] = network.hosts;
  if (host === undefined) return null;
  const fromMs = Date.now();
  setLink(network, host, 'down');
  await pause(HOLD_MS);
  setLink(network, host, 'up');
  await pause(BACK_MS);
  return since(fromMs);
}

const BURST_MS = 300;

/** It runs half of the time, which checks survive: clients wait, and none fails. */
async function slow({ network, quick }: Fleet): Promise<Allowed | null> {
  const host = network.hosts.at(-1);
  if (host === undefined) return null;
  for (const untilMs = performance.now() + (quick ? 3000 : 10_000); performance.now() < untilMs; ) {
    signalAll(host, 'SIGSTOP');
    await pause(BURST_MS);
    signalAll(host, 'SIGCONT');
    await pause(BURST_MS);
  }
  return null;
}

/** Its kernel still accepts connections, and nobody answers. */
async function stands({ network }: Fleet): Promise<null> {
  const host = network.hosts.at(-1);
  if (host === undefined) return null;
  signalAll(host, 'SIGSTOP');
  await pause(HOLD_MS);
  signalAll(host, 'SIGCONT');
  await pause(BACK_MS);
  return null;
}

const HAPROXY: readonly FrontName[] = ['haproxy'];

/** A roll loses nothing, with any front; nor does a GET where processes end. The rest is for one with health checks of its own. */
export const SCENARIOS: readonly Scenario[] = [
  { title: 'roll', fronts: FRONTS, quick: FRONTS, act: roll },
  { title: 'roll --upgrade', fronts: FRONTS, quick: HAPROXY, act: (fleet) => roll(fleet, '--upgrade') },
  { title: 'stop and start, one by one', fronts: HAPROXY, quick: [], act: replaced },
  { title: 'a machine is slow', fronts: HAPROXY, quick: HAPROXY, act: slow },
  { title: 'a machine vanishes', fronts: FRONTS, quick: HAPROXY, act: vanishes },
  { title: 'its link goes down', fronts: HAPROXY, quick: HAPROXY, act: unplugged },
  { title: 'it stands still', fronts: HAPROXY, quick: [], act: stands },
];
