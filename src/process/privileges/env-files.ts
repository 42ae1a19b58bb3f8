import { resolve } from 'node:path';
import type { LoadedData } from '../../settings/load.ts';
import { fs, util } from '../../support/builtins.ts';
import { UsageError } from '../../support/errors.ts';
import type { Identity } from './identity.ts';

/**
 * Refuses what we are too late to keep from running as root: Node itself looks for `--env-file` on the whole command line,
 * ours included, and obeys the NODE_OPTIONS of such a file at its own start. `cwd` is where the command was given.
 */
export function checkEnvFiles({ settings, origins }: LoadedData, { label }: Identity, cwd: string): void {
  if (origins.envFile.source !== 'argv') return;
  for (const file of settings.envFile) {
    const { NODE_OPTIONS } = util.parseEnv(fs.readFileSync(resolve(cwd, file), 'utf8'));
    if (NODE_OPTIONS !== undefined)
      throw new UsageError(
        `--env-file ${file}: Node itself applies its NODE_OPTIONS, as root, before anything can run as ${label}; name the file in the configuration file (envFile) or in TSUNICORN_CMD_ARGS`,
      );
  }
}
