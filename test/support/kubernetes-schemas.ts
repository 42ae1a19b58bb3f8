import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { messageOf } from '../../src/support/errors.ts';
import type { KubernetesObject } from './kubernetes.ts';
import { PROGRAM_MS } from './patience.ts';
import { root } from './tsunicorn.ts';

interface Schema {
  /** Its types, for the compiler. */
  readonly module: string;
  /** Throws. */
  readonly validate: (object: never) => void;
}

const SCHEMAS: Readonly<Record<string, Schema>> = {
  'apps/v1 Deployment': {
    module: 'kubernetes-models/apps/v1/Deployment',
    validate: (object) => new Deployment(object).validate(),
  },
  'v1 Service': {
    module: 'kubernetes-models/v1/Service',
    validate: (object) => new Service(object).validate(),
  },
  'policy/v1 PodDisruptionBudget': {
    module: 'kubernetes-models/policy/v1/PodDisruptionBudget',
    validate: (object) => new PodDisruptionBudget(object).validate(),
  },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    module: 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler',
    validate: (object) => new HorizontalPodAutoscaler(object).validate(),
  },
  'monitoring.coreos.com/v1 PodMonitor': {
    module: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor',
    validate: (object) => new PodMonitor(object).validate(),
  },
  'keda.sh/v1alpha1 ScaledObject': {
    module: '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject',
    validate: (object) => new ScaledObject(object).validate(),
  },
};

function schemaOf({ apiVersion, kind }: KubernetesObject): Schema {
  const schema = SCHEMAS[`${apiVersion} ${kind}`];
  if (schema === undefined) throw new Error(`no schema of ${apiVersion} ${kind} is known here`);
  return schema;
}

/** What the schemas say against objects: wrong values, and fields that they do not know. One line each. */
export function complaintsOf(objects: readonly KubernetesObject[]): readonly string[] {
  return [...objects.flatMap(wrongValues), ...unknownFields(objects)];
}

function wrongValues(object: KubernetesObject): readonly string[] {
  try {
    schemaOf(object).validate(object as never);
    return [];
  } catch (error) {
    return [`${object.kind}: ${messageOf(error)}`];
  }
}

/** The schemas let fields pass that they do not know. Their types do not, in a literal. */
function unknownFields(objects: readonly KubernetesObject[]): readonly string[] {
  // Below the root, where the compiler finds the schemas; one of its own, for two test files may ask at the same time.
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache/kubernetes-'));
  try {
    return compilerSays(folder, objects);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compilerSays(folder: string, objects: readonly KubernetesObject[]): readonly string[] {
  const options = { noEmit: true, skipLibCheck: true, strict: true, module: 'nodenext', types: [] };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
  );
  const texts = objects.map((object, index) => {
    const { kind } = object;
    const name = `I${kind}`;
    return `export const _${index}: import('${schemaOf(object).module}').${name} = ${JSON.stringify(object)};\n`;
  });
  writeFileSync(join(folder, 'objects.ts'), texts.join(''));
  const { status, stdout, stderr, error } = spawnSync('tsc', ['-p', folder, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
    timeout: PROGRAM_MS,
  });
  const lines = (stdout ?? '').split('\n').filter((line) => line !== '');
  // It has failed itself where it neither is content nor says what is wrong.
  if (error !== undefined || (status === 0) !== (lines.length === 0))
    throw error ?? new Error(`tsc: ${status}\n${stdout}${stderr}`);
  return lines;
}
