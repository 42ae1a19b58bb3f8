import type { Prepared } from '../arbiter/change/generation.ts';
import type { OurStart, Privileges } from '../process/privileges/privileges.ts';
import type { LoadedData } from '../settings/load.ts';
import type { OwnProcess } from './own-process.ts';

/** Checks the processes beside the workers, where there are some. Rejects with a UsageError of one line. */
export async function companionsOf(
  loaded: LoadedData,
  privileges: Privileges | null,
  start: OurStart,
  own: Pick<OwnProcess, 'base'>,
): Promise<Pick<Prepared, 'companions'>> {
  if (Object.keys(loaded.settings.companions).length === 0) return {};
  const { planCompanions } = await import('../arbiter/companions/prepare.ts');
  const { optionsFor, withoutInspector } = await import('../process/node-options.ts');
  const env = { ...own.base, ...loaded.environment };
  const { execArgv, environment } = withoutInspector(process.execArgv, env);
  const given = { execArgv, env: { ...env, ...environment }, from: start.cwd, to: loaded.settings.chdir };
  const options = optionsFor(given)(0);
  const companions = await planCompanions(loaded, {
    privileges,
    own: start.env,
    base: () => own.base,
    nodeOptions: { execArgv: options.execArgv, environment: { ...environment, ...options.environment } },
  });
  return { companions };
}
