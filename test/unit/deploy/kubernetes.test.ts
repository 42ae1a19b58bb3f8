import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { stopSum } from '../../../src/init/facts.ts';
import { DURATION, families, presentFamilies } from '../../../src/metrics/catalogue.ts';
import { commandOf, deployedText, settingsOf } from '../../support/deployed.ts';
import {
  type KubernetesObject,
  kubectlTrouble,
  objectsIn,
  overlays,
  rendered,
} from '../../support/kubernetes.ts';
import { complaintsOf } from '../../support/kubernetes-schemas.ts';
import { PROGRAM_MS } from '../../support/patience.ts';
import { withTool } from '../../support/tools.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

const trouble = kubectlTrouble();
const withKubectl = trouble === null ? it : it.skip;
const folders = ['base', ...overlays().map((name) => `overlays/${name}`)];
if (trouble !== null)
  console.warn(`SKIPPED: ${trouble}, so ${folders.length} folders of deploy/kubernetes are not rendered`);

/** What each folder applies. Without kubectl only the Deployment of the base, before kustomize has seen it. */
const applied: ReadonlyMap<string, readonly KubernetesObject[]> =
  trouble === null
    ? new Map(folders.map((folder) => [folder, rendered(folder)]))
    : new Map([['base', objectsIn(deployedText('kubernetes/base/deployment.yaml'))]]);

function only(kind: string, folder: string): KubernetesObject {
  const [first, ...others] = applied.get(folder)?.filter((object) => object.kind === kind) ?? [];
  if (first === undefined || others.length > 0) throw new Error(`${folder}: not one ${kind}`);
  return first;
}

function podOf(deployment: KubernetesObject) {
  const { spec } = deployment.spec.template;
  return { spec, container: spec.containers[0] };
}

describe.each([...applied.keys()])('the Deployment of deploy/kubernetes/%s', (folder) => {
  const deployment = only('Deployment', folder);
  const { spec, container } = podOf(deployment);
  const loaded = settingsOf(commandOf(container));

  it('waits for a stop exactly as long as the hook and the settings need', async () => {
    const { drainDelay, gracefulTimeout } = (await loaded).settings;
    const hookSeconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(spec.terminationGracePeriodSeconds).toBe(
      hookSeconds + stopSum(drainDelay, gracefulTimeout).seconds,
    );
    // Until every load balancer has heard of it; one of both does it.
    expect([hookSeconds, drainDelay].toSorted((one, other) => one - other)).toEqual([0, 10]);
  });

  it('asks the arbiter, at its own port, and never at that of the workers', async () => {
    const { settings } = await loaded;
    const ports = new Map(
      container.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [
        name,
        containerPort,
      ]),
    );
    expect(settings.bind).toEqual([`0.0.0.0:${ports.get('http')}`]);
    expect(settings.adminBind).toBe(`0.0.0.0:${ports.get('admin')}`);
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    expect(probes.map(({ httpGet }) => httpGet)).toEqual([
      { path: '/readyz', port: 'admin' },
      { path: '/readyz', port: 'admin' },
      { path: '/livez', port: 'admin' },
    ]);
  });

  it('lets a worker boot for longer than --boot-timeout', async () => {
    const { periodSeconds, failureThreshold } = container.startupProbe;
    expect(periodSeconds * failureThreshold).toBeGreaterThan((await loaded).settings.bootTimeout);
  });

  it('never has fewer pods than it should', () => {
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  });

  it('keeps to the Pod Security Standard "restricted", and writes to volumes alone', async () => {
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const names = spec.volumes.map(({ name, emptyDir }: { name: string; emptyDir: object }) => {
      expect(emptyDir).toHaveProperty('sizeLimit');
      return name;
    });
    const mounts = container.volumeMounts as { name: string; mountPath: string }[];
    expect(mounts.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual(['/tmp', '/run/app', '/dev/shm']);
    expect(commandOf(container).env.RUNTIME_DIRECTORY).toMatch(/^\/run\/app\/\w+$/);
  });

  it('sizes workers and heaps by limits that there are', () => {
    expect(container.args).toEqual(expect.arrayContaining(['--workers=auto', '--worker-heap=auto']));
    expect(Number(container.resources.limits.cpu)).toBeGreaterThanOrEqual(1);
    expect(container.resources.limits).toEqual(container.resources.requests);
  });
});

describe.each(folders)('deploy/kubernetes/%s', (folder) => {
  withKubectl('has no object that its schema refuses, nor a field that it does not know', () => {
    expect(complaintsOf(applied.get(folder) ?? [])).toEqual([]);
  });

  withKubectl('has objects that find each other', () => {
    const objects = applied.get(folder) ?? [];
    const deployment = only('Deployment', folder);
    const labels = deployment.spec.template.metadata.labels;
    for (const { kind, spec } of objects) {
      const selector = kind === 'Service' ? spec.selector : spec.selector?.matchLabels;
      if (selector !== undefined) expect([kind, labels]).toEqual([kind, expect.objectContaining(selector)]);
      if (spec.scaleTargetRef) expect(spec.scaleTargetRef.name).toBe(deployment.metadata.name);
    }
    const ports = podOf(deployment).container.ports.map(({ name }: { name: string }) => name);
    expect(ports).toContain(only('Service', folder).spec.ports[0].targetPort);
    for (const { spec } of objects.filter(({ kind }) => kind === 'PodMonitor'))
      expect(ports).toContain(spec.podMetricsEndpoints[0].port);
  });

  withKubectl('believes a proxy where an autoscaler goes by what it says', async () => {
    const waits = /tsunicorn_request_queue/.test(JSON.stringify(applied.get(folder)));
    const { settings } = await settingsOf(commandOf(podOf(only('Deployment', folder)).container));
    expect(settings.forwardedAllowIps).toEqual(waits ? ['private'] : ['127.0.0.1', '::1']);
  });

  withKubectl('leaves the number of pods to an autoscaler where there is one', () => {
    const scales = (applied.get(folder) ?? []).some(({ kind }) => /Autoscaler|ScaledObject/.test(kind));
    expect(only('Deployment', folder).spec.replicas).toBe(scales ? undefined : 2);
  });
});

it('the job of the PodMonitor is one that the alert TsunicornDown looks at', () => {
  const [monitor] = objectsIn(deployedText('kubernetes/components/monitoring/pod-monitor.yaml'));
  const [{ relabelings }] = monitor?.spec.podMetricsEndpoints ?? [];
  const [, expression = ''] = /up\{job=~"(.*?)"\}/.exec(deployedText('prometheus/rules.yml')) ?? [];
  expect(relabelings).toEqual([{ targetLabel: 'job', replacement: expect.any(String) }]);
  expect(relabelings[0].replacement).toMatch(new RegExp(`^(?:${expression})$`));
});

it('a field that no schema knows, and a value that it refuses, would be found', () => {
  const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'app' }, spec });
  const complaints = complaintsOf([
    service({ selektor: { app: 'app' }, ports: [{ port: 80 }] }),
    service({ selector: { app: 'app' }, ports: [{ port: 'eighty' }] }),
  ]);
  expect(complaints).toEqual(expect.arrayContaining([expect.stringMatching(/selektor"' does not exist/)]));
  expect(complaints).toEqual(expect.arrayContaining([expect.stringMatching(/ports\/0\/port must be/)]));
});

/** What the autoscalers ask, with what the adapter puts in. */
const QUERIES: readonly (readonly [name: string, query: string])[] = [
  [
    'the Prometheus adapter',
    parseYaml(deployedText('kubernetes/components/queue-time/adapter-rules.yaml'))
      .rules[0].metricsQuery.replaceAll('<<.GroupBy>>', 'namespace, pod')
      .replaceAll('<<.LabelMatchers>>', 'namespace="app"'),
  ],
  [
    'KEDA',
    objectsIn(deployedText('kubernetes/components/keda/scaled-object.yaml'))[0]?.spec.triggers[1].metadata
      .query,
  ],
];

describe.each(QUERIES)('the query of %s', (_, query) => {
  it('asks for figures that there are', () => {
    const known = new Set([DURATION.name, ...Object.keys(families), ...Object.keys(presentFamilies)]);
    const asked = query.match(/\btsunicorn_\w+(?=\{)/g) ?? [];
    expect(asked).not.toEqual([]);
    expect(
      asked.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')).filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  withTool('promtool')('is above the threshold while requests wait, and 0 where there are none', () => {
    const series = (name: string, values: string) => ({
      series: `${name}{namespace="app",pod="app-1"${name.endsWith('bucket') ? ',le="0.1"' : ''}}`,
      values,
    });
    const of = (values: string) => [
      series('tsunicorn_request_queue_seconds_bucket', values),
      { series: 'tsunicorn_request_queue_seconds_bucket{namespace="app",pod="app-1",le="+Inf"}', values },
      {
        series: 'tsunicorn_request_queue_seconds_bucket{namespace="app",pod="app-1",le="0.05"}',
        values: '0x20',
      },
      series('tsunicorn_request_queue_seconds_count', values),
    ];
    const ask = (input: object, value: number) => ({
      interval: '15s',
      input_series: input,
      promql_expr_test: [
        { expr: `max(${query.trim()}) > bool 0.05`, eval_time: '4m', exp_samples: [{ labels: '{}', value }] },
      ],
    });
    const cwd = temporaryDirectory();
    const tests = [ask(of('0+10x20'), 1), ask(of('0x20'), 0)];
    writeFileSync(join(cwd, 'tests.yml'), JSON.stringify({ rule_files: [], tests }));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'tests.yml'], {
      cwd,
      encoding: 'utf8',
      timeout: PROGRAM_MS,
    });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
  });
});

it('the autoscaler asks for the figure that the adapter has', () => {
  const [{ name }] = parseYaml(deployedText('kubernetes/components/queue-time/adapter-rules.yaml')).rules;
  const [scaler] = objectsIn(deployedText('kubernetes/components/queue-time/autoscaler.yaml'));
  expect(scaler?.spec.metrics[1].pods.metric.name).toBe(name.as);
});
