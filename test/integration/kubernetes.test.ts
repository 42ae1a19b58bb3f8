import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import { get } from '../support/client.ts';
import { commandOf, deployedText } from '../support/deployed.ts';
import { objectsIn } from '../support/kubernetes.ts';
import { adminOf } from '../support/metrics.ts';
import { deadlineMs } from '../support/patience.ts';
import { IN_CONTAINER, inContainer } from '../support/tools.ts';
import { childrenOf, root, start, temporaryDirectory } from '../support/tsunicorn.ts';

const [deployment] = objectsIn(deployedText('kubernetes/base/deployment.yaml'));
const pod = deployment?.spec.template.spec;
const [container] = pod.containers;
const places = container.volumeMounts.map(({ mountPath }: { readonly mountPath: string }) => mountPath);

/**
 * A container as the manifest describes it: process 1, its user, no capabilities and no way to new ones, a root that is
 * read-only but for the volumes. What the test needs of this machine is seen below /srv, for /tmp may be where it is.
 */
const CONTAINER = `set -e
mount -t tmpfs none /srv
mkdir /srv/app /srv/node /srv/package
mount --bind "$PWD" /srv/app
mount --bind "$NODE" /srv/node
mount --bind "$PACKAGE" /srv/package
for place in $VOLUMES; do
  [ -d "$place" ] || { mount -t tmpfs none "$(dirname "$place")"; mkdir "$place"; }
  mount -t tmpfs -o mode=0777,size=64m none "$place"
done
mount -t proc none /proc
for place in / /srv /srv/app /srv/package; do mount -o remount,bind,ro "$place"; done
cd /srv/app
shift 2
exec setpriv --reuid="$ID" --regid="$ID" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \\
  ../node/node ../package/dist/bin/tsunicorn.js "$@"`;

/** Answers with whether it may write in each of these directories. */
const WRITING = `import { writeFileSync } from 'node:fs';
const may = (place: string) => {
  try {
    writeFileSync(place + '/written', '');
    return true;
  } catch {
    return false;
  }
};
export const app = (request, response) =>
  response.end(JSON.stringify(['.', '/', '/tmp', '/run/app', '/dev/shm'].map(may)));\n`;

const it = inContainer();

it('the command of deploy/kubernetes serves in such a container, answers its probes, and drains', async () => {
  const { words, env } = commandOf(container);
  const cwd = temporaryDirectory({ 'server.ts': WRITING });
  chmodSync(cwd, 0o755);
  const service = start(
    words.map((word) => word.replace(/0\.0\.0\.0:\d+/, '127.0.0.1:0')),
    {
      cwd,
      through: [...IN_CONTAINER, 'sh', '-c', CONTAINER, 'sh'],
      env: {
        ...env,
        NODE: dirname(process.execPath),
        PACKAGE: root,
        ID: `${pod.securityContext.runAsUser}`,
        VOLUMES: places.join(' '),
      },
    },
  );
  const admin = await adminOf(service);
  const url = await service.url();
  const statusAt = async (path: string) => (await get(admin, path)).status;
  await expect.poll(() => statusAt(container.startupProbe.httpGet.path), { timeout: deadlineMs() }).toBe(200);
  expect(await statusAt(container.livenessProbe.httpGet.path)).toBe(200);
  expect(JSON.parse((await get(url)).body)).toEqual([false, false, true, true, true]);

  const [arbiter = 0] = childrenOf(service.pid);
  const status = readFileSync(`/proc/${arbiter}/status`, 'utf8');
  expect(status).toMatch(/^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
  expect(status).toMatch(/^CapEff:\s+0+$/m);
  expect(status).toMatch(/^NSpid:\s+\d+\s+1$/m);
  expect(existsSync(`/proc/${arbiter}/root${env.RUNTIME_DIRECTORY}`)).toBe(true);
  // Such as that /dev/shm cannot be used, or that there is no place for the control socket.
  expect(service.stderr).not.toMatch(/"level":"(?:warning|error|critical)"/);

  process.kill(arbiter, 'SIGTERM');
  await expect
    .poll(() => statusAt(container.readinessProbe.httpGet.path), { timeout: deadlineMs() })
    .toBe(503);
  expect((await get(url)).status).toBe(200);
  expect(await statusAt(container.livenessProbe.httpGet.path)).toBe(200);
  // A second one ends the delay.
  process.kill(arbiter, 'SIGTERM');
  expect(await service.end()).toEqual({ status: 0, signal: null });
});
