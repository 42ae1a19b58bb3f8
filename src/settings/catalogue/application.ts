import { nullable, words } from '../compound-kinds.ts';
import { boolean, path, scalar, text } from '../kinds.ts';
import { type Mounts, mounts } from '../mounts.ts';
import { type Kind, limited, setting } from '../setting.ts';

const noMounts: Mounts = {};
const noWords: readonly string[] = [];

/** What to serve, and which configuration says so. */
export const application = {
  app: setting({
    doc: 'The application, as `module:export`. Without an export it is a program that calls `listen()` or, if it does not, the default export. The module is a path relative to `chdir`, or a package. `module:factory()` calls the export and serves what it returns. It may also be a command that runs a program with Node: `npm start`, `npm run serve`, `node --import tsx server.ts`.',
    flags: null,
    kind: nullable(text('module:export', 'module:export')),
    default: null,
  }),
  mount: setting({
    doc: 'Another application, as `/path=module:export`: it gets the requests whose path is `/path` or begins with `/path/`, and sees them without it. It may be repeated; the longest path counts. The application itself is at `/`.',
    flags: '--mount',
    kind: mounts(),
    default: noMounts,
    defaultText: 'none',
  }),
  // The variables of all workers are no place for the words of one command.
  programArguments: limited('notEnvironment', {
    doc: 'The arguments of the program, which finds them in `process.argv`. On the command line they are behind `--`, as in `tsunicorn server.js -w 2 -- --verbose`. In the configuration file they are a list.',
    flags: null,
    kind: words('-- arguments'),
    default: noWords,
    needs: { classes: ['async', 'sync'] },
  }),
  rootPath: setting({
    doc: 'The path under which a proxy serves the application, such as `/shop`. Applications of the gateway interface get it as `SCRIPT_NAME`, and `PATH_INFO` without it.',
    flags: '--root-path',
    kind: rootPath(),
    default: '',
    defaultText: 'none: the application is at `/`',
  }),
  config: limited('notConfig', {
    doc: 'The configuration file. By default, `tsunicorn.config` with the extension `.ts`, `.mts`, `.js`, `.mjs` or `.json` in the current directory. The file default-exports an object of settings and hooks. `tsunicorn.config.ts:Production` takes the export `Production` instead, which may be a class: see [Profiles](#profiles).',
    flags: '-c, --config',
    kind: nullable(path()),
    default: null,
    defaultText: './tsunicorn.config.{ts,mts,js,mjs,json}',
  }),
  checkConfig: limited('argumentsOnly', {
    doc: 'Check the configuration, load the application as a worker would, then exit. The application is loaded as `user`, within `bootTimeout`, and in a thread if the class is `thread`. The exit status is 0 if both are good, otherwise the status with which a start would end.',
    flags: '--check-config',
    kind: boolean(),
    default: false,
  }),
  printConfig: limited('argumentsOnly', {
    doc: 'Print every setting with its value and its source, then exit.',
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
