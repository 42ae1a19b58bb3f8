import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ctl, told } from '../support/control.ts';
import { startSshd } from '../support/sshd.ts';
import { withTool } from '../support/tools.ts';
import { built, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const itHasSshd = withTool('sshd', 'ssh', 'ssh-keygen');

/** What an address of the loopback interface serves. */
async function host(directory: string, name: string) {
  const folder = join(directory, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'app.mjs'), 'export const app = (request, response) => response.end();\n');
  const socket = join(folder, "it's $(here).sock");
  await serve(['app.mjs:app', '--workers', '1', '--control-socket', socket], { cwd: folder });
  const deploy = (text: string) => writeFileSync(join(folder, 'app.mjs'), text);
  return { socket, deploy, generation: async () => (await told(socket, 'status')).generation };
}

async function fleet() {
  const directory = temporaryDirectory();
  const { hosts, ssh } = await startSshd(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
  const services = await Promise.all(hosts.map((_, index) => host(directory, `web${index}`)));
  const there = join(directory, 'tsunicornctl');
  writeFileSync(
    there,
    `#!/bin/sh\nexec '${process.execPath}' '${join(built, 'bin/tsunicornctl.js')}' "$@"\n`,
  );
  chmodSync(there, 0o755);
  const file = join(directory, 'hosts.txt');
  const lines = services.map(
    ({ socket }, index) => `${hosts[index]} --socket "${socket.replace('$', '\\$')}"`,
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  const roll = (...more: readonly string[]) =>
    ctl(['roll', file, '--ssh', ssh, '--ctl', there, '--window', '0.5', '--max-p99', 'none', ...more]);
  const generations = () => Promise.all(services.map(({ generation }) => generation()));
  return { hosts, services, file, ssh, roll, generations };
}

itHasSshd('three hosts are rolled over a real sshd, and one that fails stops the roll', async () => {
  const { hosts, services, roll, generations } = await fleet();
  const rehearsed = await roll('--dry-run');
  expect(rehearsed, rehearsed.stderr).toMatchObject({ status: 0 });
  expect(await generations()).toEqual([1, 1, 1]);

  const rolled = await roll('--json');
  expect(rolled, rolled.stderr).toMatchObject({ status: 0 });
  expect(JSON.parse(rolled.stdout)).toMatchObject({
    outcome: 'done',
    hosts: hosts.map((name) => ({ host: name, state: 'done', generation: 2 })),
  });
  expect(await generations()).toEqual([2, 2, 2]);

  services[1]?.deploy('throw new Error("no luck");\n');
  expect(await roll()).toMatchObject({
    status: 4,
    stdout: expect.stringMatching(/0\.1:\d+ +done +3 .*\n.*0\.2:\d+ +undone .*\n.*0\.3:\d+ +untouched /),
    stderr: expect.stringMatching(/stopped: \S+: undone, what served before keeps serving: .*no luck/),
  });
  expect(await generations()).toEqual([3, 2, 2]);
});

itHasSshd(
  'a host whose key is unknown, or that takes no key of ours, is named, and nothing is changed',
  async () => {
    const { hosts, file, roll, ssh, generations } = await fleet();
    writeFileSync(file, `${hosts[0]?.replace('127.0.0.1', '127.0.0.4')}\n`);
    const nobody = await roll();
    expect(nobody).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/cannot be reached: .*refused/),
    });
    writeFileSync(file, `${hosts[0]}\n`);
    for (const [option, why] of [
      ['UserKnownHostsFile=/dev/null', /cannot be reached: Host key verification failed/],
      ['PubkeyAuthentication=no', /cannot be reached: .*Permission denied/],
    ] as const)
      expect(await ctl(['roll', file, '--ssh', `${ssh.replace('ssh ', `ssh -o ${option} `)}`])).toMatchObject(
        {
          status: 3,
          stderr: expect.stringMatching(why),
        },
      );
    expect(await generations()).toEqual([1, 1, 1]);
  },
);
