import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dockerfile } from '../../../src/init/docker.ts';
import { type Facts, stopSum } from '../../../src/init/facts.ts';
import { deployedText } from '../../support/deployed.ts';
import { loadedWith } from '../../support/fake-service.ts';
import { objectsIn } from '../../support/kubernetes.ts';
import { root } from '../../support/tsunicorn.ts';

const FACTS: Facts = {
  name: 'app',
  directory: '/app',
  words: ['server.ts:app'],
  settings: loadedWith({}).settings,
  port: 8000,
  socket: null,
  owner: null,
  hasLockfile: true,
  stop: stopSum(0, 30),
};
const images = {
  'the Dockerfile': readFileSync(join(root, 'Dockerfile'), 'utf8'),
  'that of tsunicorn init docker': dockerfile(FACTS),
};
const pod = objectsIn(deployedText('kubernetes/base/deployment.yaml'))[0]?.spec.template.spec;

/** The words behind an instruction in its exec form. */
function wordsOf(instruction: string, text: string): readonly string[] {
  const found = new RegExp(`^${instruction} .*?(\\[.*\\])$`, 'm').exec(text);
  return JSON.parse(found?.[1] ?? expect.fail(`no ${instruction} in its exec form`));
}

describe.each(Object.entries(images))('%s', (_, text) => {
  it('starts tsunicorn as process 1, with no shell before it, as a user that is not root', () => {
    const start = /^ENTRYPOINT/m.test(text) ? wordsOf('ENTRYPOINT', text) : wordsOf('CMD', text);
    expect(start.join(' ')).toMatch(
      /^(node -- \/opt\/tsunicorn\/dist\/bin\/tsunicorn\.js$|node_modules\/\.bin\/tsunicorn )/,
    );
    expect(text).toMatch(/^STOPSIGNAL SIGTERM$/m);
    // Of which Node's images have made the ids 1000.
    expect(text).toMatch(/^USER node$/m);
    expect(pod.securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000 });
  });

  it('has the port of the manifests', () => {
    const { containerPort } = pod.containers[0].ports[0];
    expect(text).toMatch(new RegExp(`(PORT=|EXPOSE )${containerPort}\\b`));
  });
});

/** Every check of a container that starts a Node, and at which port it asks. */
const checks: readonly (readonly [name: string, words: readonly string[], port: string])[] = [
  ...Object.entries(images).map(([name, text]) => [name, wordsOf('HEALTHCHECK', text), '8000'] as const),
  ['ECS', JSON.parse(deployedText('ecs.json')).containerDefinitions[0].healthCheck.command.slice(1), '9000'],
];

it.each(checks)('the health check of %s passes, and fails where it should', async (_, words, port) => {
  const statuses = [200, 503];
  const server = http.createServer((_request, response) => response.writeHead(statuses.shift() ?? 200).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const there = `${(server.address() as AddressInfo).port}`;
  const check = () =>
    new Promise<number | string | null | undefined>((resolve) => {
      const env = { ...process.env, PORT: there };
      const args = words.slice(1).map((word) => word.replace(`port: ${port}`, `port: ${there}`));
      execFile(process.execPath, args, { env }, (error) => resolve(error === null ? 0 : error.code));
    });
  expect([await check(), await check()]).toEqual([0, 1]);
  server.close();
  server.closeAllConnections();
  expect(await check()).toBe(1);
});
