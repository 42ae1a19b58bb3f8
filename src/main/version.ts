import { ownInstallation, versionOf } from '../process/installation.ts';

/** tsunicorn's own version, as its package.json has it. */
export function packageVersion(): string {
  return versionOf(ownInstallation) ?? 'unknown';
}
