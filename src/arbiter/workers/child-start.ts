import type { ChildSpec } from '../../process/child.ts';
import type { StartAs } from '../../process/privileges/start-as.ts';
import type { Generation } from '../change/generation.ts';

/** What determines how a process that loads the application is started, as a worker or for a trial load. */
export interface Loading {
  readonly generation: Pick<Generation, 'privileges' | 'nodeOptions'> & {
    readonly loaded: Pick<Generation['loaded'], 'environment'>;
  };
  readonly slot: number;
}

/** The command that runs a program of ours with the options of Node for the application. */
export function commandOf({ generation, slot }: Loading, program: readonly string[]): ChildSpec['command'] {
  return [process.execPath, ...(generation.nodeOptions?.(slot).execArgv ?? []), ...program];
}

/** How to start that command, with whatever wraps it, as the user of the application. */
export function startOf(
  { generation, slot }: Loading,
  command: ChildSpec['command'],
  base: NodeJS.ProcessEnv,
): StartAs {
  const { loaded, privileges, nodeOptions } = generation;
  const env = {
    ...base,
    ...privileges?.identity.environment,
    ...loaded.environment,
    ...nodeOptions?.(slot).environment,
  };
  return privileges?.startAs(command, env) ?? { command, env };
}
