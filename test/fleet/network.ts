import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** A machine of its own as far as its network goes. */
export interface Machine {
  /** Of its network namespace. */
  readonly name: string;
  readonly address: string;
}

/** The machine where the front and the clients are, and those of the services. */
export interface Network {
  readonly front: Machine;
  readonly hosts: readonly Machine[];
}

/** That of the configurations in deploy/fleet, which are used as they are. */
const NETWORK = '10.0.0';
/** Inside the namespace of the front, so that nothing of the machine is touched. */
const BRIDGE = 'fleet';

/** A command that runs in the network of a machine. */
export function inside({ name }: Machine, ...command: readonly string[]): readonly string[] {
  return ['ip', 'netns', 'exec', name, ...command];
}

/** Why there can be no such network here; null where there can. */
export function missingFor(programs: readonly string[]): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = ['ip', ...programs].filter((name) => spawnSync('which', [name]).status !== 0);
  if (missing.length > 0) return `${missing.join(', ')}: not installed`;
  const probe = `fleet-probe-${process.pid}`;
  const { status, stderr } = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'del', probe]);
  return status === 0 ? null : `no network namespace can be made: ${stderr.trim()}`;
}

/** Makes namespaces that are joined by a bridge. Call `removeNetwork` also where this throws. */
export function makeNetwork(id: string, count: number): Network {
  const machine = (name: string, last: number) => ({
    name: `fleet-${id}-${name}`,
    address: `${NETWORK}.${last}`,
  });
  const front = machine('front', 1);
  const hosts = Array.from({ length: count }, (_, index) => machine(`web${index + 1}`, 11 + index));
  for (const { name } of [front, ...hosts]) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('-n', front.name, 'link', 'add', BRIDGE, 'type', 'bridge');
  ip('-n', front.name, 'addr', 'add', `${front.address}/24`, 'dev', BRIDGE);
  ip('-n', front.name, 'link', 'set', BRIDGE, 'up');
  for (const host of hosts) {
    const port = portOf(host);
    ip('-n', front.name, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.name);
    ip('-n', front.name, 'link', 'set', port, 'master', BRIDGE, 'up');
    ip('-n', host.name, 'addr', 'add', `${host.address}/24`, 'dev', 'eth0');
    ip('-n', host.name, 'link', 'set', 'eth0', 'up');
  }
  return { front, hosts };
}

/** Pulls the plug of a machine, or puts it in again. */
export function setLink({ front }: Network, host: Machine, state: 'up' | 'down'): void {
  ip('-n', front.name, 'link', 'set', portOf(host), state);
}

/** Every process in the network of a machine. */
export function processesOf({ name }: Machine): readonly number[] {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** Sends a signal to every process in the network of a machine. */
export function signalAll(machine: Machine, signal: NodeJS.Signals): void {
  for (const pid of processesOf(machine)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Ends what runs in the namespaces of that id, and removes them. Never throws: it runs when everything else failed. */
export function removeNetwork(id: string): void {
  const names = namespaces().filter((name) => name.startsWith(`fleet-${id}-`));
  for (const name of names) signalAll({ name, address: '' }, 'SIGKILL');
  for (const name of names) spawnSync('ip', ['netns', 'del', name]);
}

function namespaces(): readonly string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    // None was ever made here.
    return [];
  }
}

/** The port of the bridge that a machine is plugged into. */
function portOf({ name }: Machine): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

function ip(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
