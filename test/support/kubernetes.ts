import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { PROGRAM_MS } from './patience.ts';
import { root } from './tsunicorn.ts';

/** An object of Kubernetes, as far as tests look into it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own, which the schemas check.
  readonly spec: any;
}

const FOLDER = join(root, 'deploy/kubernetes');
/** Components came with kustomize 3.7, which is in kubectl from 1.21 on. */
const LEAST_MINOR = 21;

/** Why kubectl cannot render here; null where it can. */
export function kubectlTrouble(): string | null {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], {
    encoding: 'utf8',
    timeout: PROGRAM_MS,
  });
  if (status !== 0) return 'kubectl is not installed';
  const { major, minor } = JSON.parse(stdout).clientVersion;
  const isNew = Number(major) > 1 || Number.parseInt(minor, 10) >= LEAST_MINOR;
  return isNew ? null : `kubectl is ${major}.${minor}, and has no components of kustomize`;
}

export function overlays(): readonly string[] {
  return readdirSync(join(FOLDER, 'overlays')).toSorted();
}

/** What `kubectl apply -k` would apply; `folder` is below deploy/kubernetes. */
export function rendered(folder: string): readonly KubernetesObject[] {
  return objectsIn(
    execFileSync('kubectl', ['kustomize', join(FOLDER, folder)], {
      encoding: 'utf8',
      timeout: PROGRAM_MS,
    }),
  );
}

export function objectsIn(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as KubernetesObject;
  });
}
