import { dirname, join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';
import { OWN_EXTENSION, OWN_FOLDER } from '../support/own-files.ts';
import { namedScript, type Start } from './start.ts';

/** The folder that holds our own `src` and `workers`: of the checkout, or of the build. */
export type Installation = string;

/** The installation that this process runs from. */
export const ownInstallation: Installation = OWN_FOLDER;

const READER = `src/main/settings-reader${OWN_EXTENSION}`;

/** The path of one of our own files, which is started as a process or read. */
export function fileIn(installation: Installation, name: string): string {
  return join(installation, `${name}${OWN_EXTENSION}`);
}

/** The version of the installation; null where it has none. */
export function versionOf(installation: Installation): string | null {
  // The sources and the build lie at different depths below the package.json.
  for (let folder = installation; ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name === 'tsunicorn') return version;
    } catch {
      // Not at this depth.
    }
    if (folder === dirname(folder)) return null;
  }
}

/** tsunicorn's own version, as its package.json has it. */
export function packageVersion(): string {
  return versionOf(ownInstallation) ?? 'unknown';
}

/**
 * The installation from which the processes of a new generation are started. Each release may have its own, and the old one
 * may be removed: so it is the one that our command leads to now, if it has the same version, otherwise our own. Throws a
 * UsageError where neither can be used.
 */
export function presentInstallation(
  start: Start,
  ownVersion: string,
  script = process.argv[1],
): Installation {
  const named = installationOf(namedScript(start, script));
  const version = named === null ? null : versionOf(named);
  if (named !== null && version === ownVersion) return named;
  if (fs.existsSync(join(ownInstallation, READER))) return ownInstallation;
  throw goneError(version === null ? '' : `, and tsunicorn ${version} is installed now`);
}

/** Throws a UsageError where our own files are gone, so that nothing more can be imported. */
export function requireInstallation(): void {
  if (!fs.existsSync(join(ownInstallation, READER))) throw goneError('');
}

/** The error to report in place of `error` where that says that one of our own files is gone. */
export function explainMissing(error: unknown): unknown {
  const isOurs = codeOf(error) === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes(ownInstallation);
  return isOurs ? goneError('') : error;
}

function goneError(other: string): UsageError {
  return new UsageError(
    `${ownInstallation}, which this arbiter runs from, was removed${other}; send USR2, which starts the arbiter that is installed now, or restart`,
  );
}

/** The script is `bin/tsunicorn` of an installation, perhaps by way of links. */
function installationOf(script: string): Installation | null {
  try {
    const folder = dirname(dirname(fs.realpathSync(script)));
    return fs.existsSync(join(folder, READER)) ? `${folder}/` : null;
  } catch {
    // It is gone.
    return null;
  }
}
