import { UsageError } from '../../support/errors.ts';
import { suggest } from '../../support/suggest.ts';
import { isConfigurable, isSettingName, refused, settingNames, settingOf } from '../catalogue/catalogue.ts';
import { hookDocs, isHookName } from '../catalogue/hooks.ts';
import type { HookName, Hooks } from '../hooks.ts';
import { type Layer, layerOf, named } from '../layer.ts';
import type { Origin } from '../origin.ts';
import { Mismatch } from '../setting.ts';
import { type ConfigFile, locate, ownerOf } from './file.ts';

// Gunicorn's configuration file does not always name a setting as its flag does.
const gunicornNames: ReadonlyMap<string, string> = new Map([
  ['access_log_format', 'accessLogformat'],
  ['accesslog', 'accessLogfile'],
  ['errorlog', 'errorLogfile'],
  ['log_syslog', 'syslog'],
  ['log_syslog_facility', 'syslogFacility'],
  ['log_syslog_prefix', 'syslogPrefix'],
  ['log_syslog_to', 'syslogTo'],
  ['pidfile', 'pid'],
  ['proc_name', 'name'],
  ['raw_env', 'env'],
  ['wsgi_app', 'app'],
]);

/** What the config file says of the settings. Throws a UsageError with the line of the offending key. */
export function configLayer(file: ConfigFile): Layer {
  const given = Object.entries(file.exported).filter(
    ([key, value]) => value !== undefined && !isForEditors(file, key),
  );
  return layerOf(
    given.flatMap(([key, value]) => {
      if (isHookName(key)) return [];
      if (!isSettingName(key) || !isConfigurable(key))
        throw new UsageError(explainKey(locate(file, key), key));
      const { kind } = settingOf(key);
      return [
        [
          key,
          named(`${locate(file, key)}: ${key}`, () => kind.fromValue(value)),
          originOf(file, key),
        ] as const,
      ];
    }),
  );
}

/** `$schema` in JSON, where editors look for what the keys may be. */
function isForEditors({ path }: ConfigFile, key: string): boolean {
  return key === '$schema' && path.endsWith('.json');
}

/** The origin of the value of a key. */
export function originOf(file: ConfigFile, key: string): Origin {
  const owner = ownerOf(file, key);
  return { source: 'config', name: file.path, ...(owner === undefined ? {} : { owner }) };
}

/** The hooks in the config file, bound to nothing. Throws a UsageError for one that is not a function. */
export function hooksOf(file: ConfigFile): Hooks {
  const given = Object.entries(file.exported).filter(
    ([key, value]) => isHookName(key) && value !== undefined,
  );
  const wrong = given.find(([, value]) => typeof value !== 'function');
  if (wrong !== undefined) {
    const [key, value] = wrong;
    named(`${locate(file, key)}: ${key}`, () => {
      throw new Mismatch('a function', value);
    });
  }
  return Object.fromEntries(given);
}

/** The names of the hooks that are there, in the order of the documentation. */
export function hookNamesOf(hooks: Hooks): readonly HookName[] {
  return Object.keys(hookDocs)
    .filter(isHookName)
    .filter((name) => hooks[name] !== undefined);
}

/** Why a key is no setting, and what to write instead; the line begins with `where`. */
export function explainKey(where: string, key: string): string {
  if (isSettingName(key))
    return `${where}: ${key} cannot be set in the configuration file; use the command line`;
  const camel = key.replace(/[_-]+([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const reason = refused.get(camel);
  if (reason !== undefined) return `${where}: "${key}" is refused: ${reason}`;
  const exact = gunicornNames.get(key) ?? (camel !== key && isKnown(camel) ? camel : null);
  if (exact !== null) return `${where}: unknown setting "${key}": write ${exact}`;
  const similar = suggest(camel, [...settingNames.filter(isConfigurable), ...Object.keys(hookDocs)]);
  return `${where}: unknown setting "${key}"${similar === null ? '' : ` (did you mean "${similar}"?)`}`;
}

function isKnown(key: string): boolean {
  return isHookName(key) || (isSettingName(key) && isConfigurable(key));
}
