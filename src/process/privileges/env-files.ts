import { resolve } from 'node:path';
import type { LoadedData } from '../../settings/load.ts';
import { fs, util } from '../../support/builtins.ts';
import { UsageError } from '../../support/errors.ts';
import type { Identity } from './identity.ts';

/**
 * Refuses an `--env-file` with NODE_OPTIONS on the command line. Node itself looks for that option, also among the
 * arguments of tsunicorn, and applies those NODE_OPTIONS at its own start: as root, before tsunicorn can prevent it.
 * `cwd` is where the command was given.
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
