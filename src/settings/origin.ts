import { basename } from 'node:path';

/**
 * Where a value comes from. `name` is '' for a default, the variable (`PORT`), the absolute path of the config
 * file, or the flag (`--workers`; `module:export` for the application).
 */
export type Origin = {
  readonly source: 'default' | 'environment' | 'config' | 'cmdargs' | 'argv' | 'code';
  readonly name: string;
  /** In a profile of the config file: the class, or the export, that says it. */
  readonly owner?: string;
};

/** What `--print-config` says of an origin: `default`, `environment PORT`, `tsunicorn.config.ts`, `tsunicorn.config.ts:Production`. */
export function describeOrigin({ source, name, owner }: Origin): string {
  switch (source) {
    case 'default':
      return 'default';
    case 'environment':
      return `environment ${name}`;
    case 'config':
      return owner === undefined ? basename(name) : `${basename(name)}:${owner}`;
    case 'cmdargs':
      return `TSUNICORN_CMD_ARGS ${name}`;
    case 'code':
      return name;
    case 'argv':
      return `command line ${name}`;
  }
}

/** How an error line begins: `--workers`, `PORT`, `TSUNICORN_CMD_ARGS: --workers`. */
export function sourceOf({ source, name }: Origin): string {
  return source === 'cmdargs' ? `TSUNICORN_CMD_ARGS: ${name}` : name;
}

/**
 * How an error line about the setting `key` (`pid`, `error-logfile`) begins; in a config file the key is named too, as it
 * is written there, for a default its flag.
 */
export function nameSetting(origin: Origin, key: string): string {
  if (origin.source === 'default') return `--${key}`;
  if (origin.source !== 'config' && origin.source !== 'code') return sourceOf(origin);
  const place = origin.source === 'config' ? basename(origin.name) : origin.name;
  return `${place}: ${key.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())}`;
}
