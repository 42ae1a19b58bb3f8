import { UsageError } from '../../support/errors.ts';
import { isConfigurable, isSettingName, settingOf } from '../catalogue/catalogue.ts';
import { isHookName } from '../catalogue/hooks.ts';
import { type Hooks, WORKER_HOOKS } from '../hooks.ts';
import { type Layer, layerOf, named } from '../layer.ts';
import type { Origin } from '../origin.ts';
import { explainKey } from './file-layer.ts';

/** What a program says of the service that it creates. */
export interface CodeInput {
  /** Without the hooks, so that it can be sent to another process. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The configuration file below them, as `-c` takes it; null is none. */
  readonly config: string | null;
}

const CALL = 'createService()';

/** What the program says of the settings. Throws a UsageError that names the key. */
export function codeLayer({ settings }: CodeInput): Layer {
  const origin: Origin = { source: 'code', name: CALL };
  return layerOf(
    Object.entries(settings).flatMap(([key, value]) => {
      if (value === undefined) return [];
      if (!isSettingName(key) || !isConfigurable(key)) throw new UsageError(explainKey(CALL, key));
      return [[key, named(`${CALL}: ${key}`, () => settingOf(key).kind.fromValue(value)), origin] as const];
    }),
  );
}

/** The settings and the hooks in what a program passes. Throws a UsageError for a hook that has to run in the workers. */
export function splitCode(given: object): {
  readonly settings: CodeInput['settings'];
  readonly hooks: Hooks;
} {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const hooks = entries.filter(([key]) => isHookName(key));
  for (const [name, hook] of hooks) {
    if (typeof hook !== 'function') throw new UsageError(`${CALL}: ${name}: expected a function`);
    if (WORKER_HOOKS.some((one) => one === name))
      throw new UsageError(
        `${CALL}: ${name}: it runs in the workers, and a function cannot be sent to another process; put it into a configuration file, and name that in the option config`,
      );
  }
  return {
    settings: Object.fromEntries(entries.filter(([key]) => !isHookName(key))),
    hooks: Object.fromEntries(hooks),
  };
}
