import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { onTestFailed, onTestFinished } from './current-test.ts';
import { freePort } from './free-port.ts';
import { deadlineMs } from './patience.ts';
import { temporaryDirectory } from './tsunicorn.ts';

/** OpenSSH's server takes only its whole path. */
const SSHD = '/usr/sbin/sshd';

/** A real sshd, and how it is reached. */
export interface Sshd {
  /** Such as `root@127.0.0.2:12345`, a name for each address. */
  readonly hosts: readonly string[];
  /** The command that connects to it, with the key that it accepts. */
  readonly ssh: string;
}

/** Starts OpenSSH's server for this user at these addresses, with keys and configuration of its own; it ends with the test. */
export async function startSshd(addresses: readonly string[]): Promise<Sshd> {
  const directory = temporaryDirectory();
  const port = freePort();
  const at = (name: string) => join(directory, name);
  for (const name of ['host', 'user']) makeKey(at(name));
  const hostKey = readFileSync(at('host.pub'), 'utf8');
  const write = (name: string, lines: readonly string[]) => writeFileSync(at(name), `${lines.join('\n')}\n`);
  write('sshd_config', [
    ...addresses.map((address) => `ListenAddress ${address}:${port}`),
    ...[`HostKey ${at('host')}`, `AuthorizedKeysFile ${at('user.pub')}`, 'PidFile none'],
    // What the user's shell reads when it starts, which may take seconds, is not part of a test.
    `SetEnv HOME=${directory}`,
    // The keys lie in /tmp, which everybody may write.
    ...['StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin prohibit-password'],
  ]);
  write(
    'known_hosts',
    addresses.map((address) => `[${address}]:${port} ${hostKey.trim()}`),
  );
  write('ssh_config', [
    ...[`IdentityFile ${at('user')}`, 'IdentitiesOnly yes', `UserKnownHostsFile ${at('known_hosts')}`],
    ...['GlobalKnownHostsFile /dev/null', 'StrictHostKeyChecking yes'],
  ]);
  await run(at('sshd_config'), { host: addresses[0] ?? '', port });
  const { username } = userInfo();
  return {
    hosts: addresses.map((address) => `${username}@${address}:${port}`),
    ssh: `ssh -F ${at('ssh_config')} -o BatchMode=yes`,
  };
}

function makeKey(path: string): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
}

async function run(configuration: string, address: { readonly host: string; readonly port: number }) {
  // As root it wants an empty folder to shut itself in, which its init script makes.
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const child = spawn(SSHD, ['-D', '-e', '-f', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  onTestFailed(() => console.error(`--- sshd\n${said}`));
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  await expect.poll(() => accepts(address), { timeout: deadlineMs(), message: said }).toBe(true);
}

function accepts(address: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
