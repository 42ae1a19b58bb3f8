import { parse as parseToml } from 'smol-toml';
import { expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { fileBytesOf } from '../../../src/http/bodies/store.ts';
import { stopSum } from '../../../src/init/facts.ts';
import { settingNames, variablesOf } from '../../../src/settings/catalogue/catalogue.ts';
import { commandsIn, deployedFiles, deployedText, settingsOf } from '../../support/deployed.ts';

const files = deployedFiles();
/** Of these nobody starts a service. */
const WITHOUT = /^(grafana|prometheus)\/|\.socket$/;

it('every file of deploy/ that starts a service has a command that is found', () => {
  const found = Object.fromEntries(files.map((file) => [file, commandsIn(file)]));
  const unknown = Object.keys(found).filter((file) => found[file] === null);
  const naming = files.filter((file) => /tsunicorn\W.*--\w|--admin-bind/.test(deployedText(file)));
  const unread = naming.filter((file) => !WITHOUT.test(file) && found[file]?.length === 0);
  expect({ unknown, unread }).toEqual({ unknown: [], unread: [] });
  expect(Object.values(found).flat().length).toBeGreaterThan(10);
});

it.each(files.filter((file) => commandsIn(file)?.length))(
  'deploy/%s has options that there are, with values that are accepted',
  async (file) => {
    for (const command of commandsIn(file) ?? []) await settingsOf(command);
  },
);

it.each(files)('deploy/%s sets no variable that is not read', (file) => {
  const known = new Set(settingNames.flatMap((name) => variablesOf(name)));
  const named = deployedText(file).match(/\bTSUNICORN_\w+/g) ?? [];
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

/** For how many seconds each platform waits behind its signal, and what is subtracted before. */
const STOPS: readonly (readonly [file: string, seconds: () => unknown])[] = [
  ['tsunicorn.service', () => /^TimeoutStopSec=(\d+)$/m.exec(deployedText('tsunicorn.service'))?.[1]],
  ['nomad.hcl', () => /^ +kill_timeout += "(\d+)s"$/m.exec(deployedText('nomad.hcl'))?.[1]],
  ['ecs.json', () => JSON.parse(deployedText('ecs.json')).containerDefinitions[0].stopTimeout],
  ['fly.toml', () => parseToml(deployedText('fly.toml')).kill_timeout],
  ['kamal.yml', () => parseYaml(deployedText('kamal.yml')).servers.web.options['stop-timeout']],
  // https://devcenter.heroku.com/articles/dyno-shutdown-behavior
  ['Procfile', () => 30],
];

it.each(STOPS)('deploy/%s leaves as much time for a stop as the settings need', async (file, seconds) => {
  const [command] = commandsIn(file) ?? [];
  const { settings } = await settingsOf(command ?? expect.fail('no command'));
  expect(Number(seconds())).toBeGreaterThanOrEqual(
    stopSum(settings.drainDelay, settings.gracefulTimeout).seconds,
  );
});

it('no check of deploy/nomad.hcl is both ignored over an update and restarts, which Nomad refuses', () => {
  const checks = deployedText('nomad.hcl').match(/^ {6}check \{.*?^ {6}\}/gms) ?? [];
  expect(checks.map((check) => /check_restart/.test(check))).toEqual([false, true]);
  for (const check of checks) expect(/on_update/.test(check) && /check_restart/.test(check)).toBe(false);
});

it('deploy/ecs.json names the role that awslogs needs, and no volume that user 1000 cannot write to', () => {
  const { executionRoleArn, volumes = [], containerDefinitions } = JSON.parse(deployedText('ecs.json'));
  const [{ logConfiguration, readonlyRootFilesystem = false, mountPoints = [] }] = containerDefinitions;
  expect(logConfiguration.logDriver).toBe('awslogs');
  expect(executionRoleArn).toMatch(/^arn:aws:iam::\d{12}:role\/\w+$/);
  // One belongs to root, unless the image has a VOLUME there, which ours have not.
  expect({ readonlyRootFilesystem, mountPoints, volumes }).toEqual({
    readonlyRootFilesystem: false,
    mountPoints: [],
    volumes: [],
  });
});

/** For how many seconds each platform lets a service boot. */
const BOOTS: readonly (readonly [file: string, seconds: () => unknown])[] = [
  ['nomad.hcl', () => /^ +grace += "(\d+)s"$/m.exec(deployedText('nomad.hcl'))?.[1]],
  ['ecs.json', () => JSON.parse(deployedText('ecs.json')).containerDefinitions[0].healthCheck.startPeriod],
  ['fly.toml', () => /^ {2}grace_period = "(\d+)s"$/m.exec(deployedText('fly.toml'))?.[1]],
  ['kamal.yml', () => parseYaml(deployedText('kamal.yml')).deploy_timeout],
];

it.each(BOOTS)('deploy/%s lets a service boot for longer than --boot-timeout', async (file, seconds) => {
  const [command] = commandsIn(file) ?? [];
  const { settings } = await settingsOf(command ?? expect.fail('no command'));
  expect(Number(seconds())).toBeGreaterThan(settings.bootTimeout);
});

it('Fly asks, and has its answer, within --drain-delay', async () => {
  const { http_service } = parseToml(deployedText('fly.toml')) as unknown as {
    http_service: { checks: { interval: string; timeout: string }[] };
  };
  const [{ interval, timeout } = expect.fail('no check')] = http_service.checks;
  const [command] = commandsIn('fly.toml') ?? [];
  const { settings } = await settingsOf(command ?? expect.fail('no command'));
  expect(Number.parseInt(interval, 10) + Number.parseInt(timeout, 10)).toBeLessThan(settings.drainDelay);
});

/** Volumes of a fixed size at /tmp, in MiB, and how many workers write there. */
const VOLUMES: readonly (readonly [file: string, mebibytes: RegExp, workers: RegExp])[] = [
  ['kubernetes/base/deployment.yaml', /- name: tmp\n.*\n +sizeLimit: (\d+)Mi/, /limits:\n +cpu: "(\d+)"/],
  ['nomad.hcl', /"\/tmp"\n +tmpfs_options \{\n +size = \d+ # (\d+) MiB/, /--workers=(\d+)/],
  ['kamal.yml', /tmpfs: \/tmp:size=(\d+)m,/, /cpus: (\d+)/],
];

it.each(VOLUMES)('what deploy/%s says of --body-files fits into /tmp', async (file, volume, processors) => {
  const text = deployedText(file);
  // A comment: it has no effect in class async, whose log would say so.
  const [, value = ''] =
    /# (?:- name: )?TSUNICORN_BODY_FILES(?: = |: |\n +# +value: )"?(\w+)/.exec(text) ?? [];
  const env = { TSUNICORN_BODY_FILES: value };
  const { settings } = await settingsOf({ words: ['server.ts:app', '--worker-class=sync'], env });
  const [mebibytes, workers] = [volume, processors].map((each) => Number(each.exec(text)?.[1]));
  expect(settings.bodyFiles * (workers ?? 0)).toBeLessThan((mebibytes ?? 0) * 1024 ** 2);
  // At least one body of the largest size: less would be taken as that.
  expect(settings.bodyFiles).toBe(fileBytesOf(settings));
});

it('the size of the tmpfs of Nomad, in bytes, is what stands behind it', () => {
  const [, bytes, mebibytes] = /size = (\d+) # (\d+) MiB/.exec(deployedText('nomad.hcl')) ?? [];
  expect(Number(bytes)).toBe(Number(mebibytes) * 1024 ** 2);
});

it('the ports that platforms ask are those that the command opens', async () => {
  const fly = parseToml(deployedText('fly.toml')) as unknown as {
    http_service: { internal_port: number; checks: { path: string }[] };
    checks: { lives: { port: number } };
    metrics: { port: number }[];
  };
  const kamal = parseYaml(deployedText('kamal.yml'));
  const settings = async (file: string) =>
    (await settingsOf(commandsIn(file)?.[0] ?? expect.fail(file))).settings;
  expect(await settings('fly.toml')).toMatchObject({
    bind: [`0.0.0.0:${fly.http_service.internal_port}`],
    readyPath: fly.http_service.checks[0]?.path,
    adminBind: `0.0.0.0:${fly.checks.lives.port}`,
  });
  expect(fly.metrics[0]?.port).toBe(fly.checks.lives.port);
  expect(await settings('kamal.yml')).toMatchObject({
    bind: [`0.0.0.0:${kamal.proxy.app_port}`],
    readyPath: kamal.proxy.healthcheck.path,
  });
  const [container] = JSON.parse(deployedText('ecs.json')).containerDefinitions;
  const [http, admin] = container.portMappings.map(
    ({ containerPort }: { containerPort: number }) => containerPort,
  );
  expect(await settings('ecs.json')).toMatchObject({
    bind: [`0.0.0.0:${http}`],
    adminBind: `0.0.0.0:${admin}`,
  });
  expect(container.healthCheck.command[3]).toContain(`port: ${admin}, path: '/livez'`);
  const nomad = deployedText('nomad.hcl');
  expect(await settings('nomad.hcl')).toMatchObject({
    bind: [`0.0.0.0:${/"http" \{\s+to = (\d+)/.exec(nomad)?.[1]}`],
    adminBind: `0.0.0.0:${/"admin" \{\s+to = (\d+)/.exec(nomad)?.[1]}`,
  });
});
