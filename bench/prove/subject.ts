import { spawnSync } from 'node:child_process';
import { isInstalled } from '../tools.ts';
import type { ClientName } from './clients.ts';
import type { Operations } from './operations.ts';
import type { Layout } from './running.ts';

/** A service that is operated on, laid out with the configuration that its own documentation shows. */
export interface Subject extends Layout {
  readonly name: string;
  readonly version: string;
  readonly configuration: string;
  /** Why it cannot run here, or null. */
  readonly missing: string | null;
  /** What it can serve. */
  readonly clients: readonly ClientName[];
  readonly operations: Operations;
}

/** What a program of Debian says with a flag, up to the first number with a dot; null where it is not installed. */
export function versionOf(command: string, flag = '--version'): string | null {
  if (!isInstalled(command)) return null;
  const { stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' });
  return /\d+(?:\.\d+)+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}
