import { nullable } from '../compound-kinds.ts';
import { boolean, path, scalar, text } from '../kinds.ts';
import { type Kind, limited, setting } from '../setting.ts';

/** What to serve, and which configuration says so. */
export const application = {
  app: setting({
    doc: 'The application, as `module:export`; without an export it is the default one. The module is a path relative to `chdir`. `module:factory()` calls the export and serves what it returns.',
    flags: null,
    kind: nullable(text('module:export', 'module:export')),
    default: null,
  }),
  rootPath: setting({
    doc: 'The path under which a proxy serves the application, such as `/shop`. Applications of the gateway interface get it as SCRIPT_NAME, and PATH_INFO without it.',
    flags: '--root-path',
    kind: rootPath(),
    default: '',
    defaultText: 'none: the application is at `/`',
  }),
  config: limited('notConfig', {
    doc: 'The configuration file. Without it, `tsunicorn.config` with the ending `.ts`, `.mts`, `.js`, `.mjs` or `.json` is looked for in the current directory. The file default-exports an object of settings and hooks.',
    flags: '-c, --config',
    kind: nullable(path()),
    default: null,
    defaultText: './tsunicorn.config.{ts,mts,js,mjs,json}',
  }),
  checkConfig: limited('argumentsOnly', {
    doc: 'Check the configuration and the application, which is loaded as in a worker (by `user`, within `bootTimeout`, in a thread where the class is `thread`), then exit. The status is 0 where both are good, else the one that a start would end with.',
    flags: '--check-config',
    kind: boolean(),
    default: false,
  }),
  printConfig: limited('argumentsOnly', {
    doc: 'Print every setting with its value and where it comes from, then exit.',
    flags: '--print-config',
    kind: boolean(),
    default: false,
  }),
};

// Without the slash at its end, so that it can be put before any path.
function rootPath(): Kind<string> {
  const read = (value: unknown) =>
    typeof value === 'string' && /^(?:\/[^?#\s]*)?$/.test(value) ? value.replace(/\/+$/, '') : undefined;
  return scalar({ placeholder: 'path', expected: 'a path such as /shop', readText: read, readValue: read });
}
