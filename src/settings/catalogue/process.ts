import { listOf, nullable, table } from '../compound-kinds.ts';
import { boolean, octalMode, path, scalar, text } from '../kinds.ts';
import { type Kind, limited, setting } from '../setting.ts';

const none: Readonly<Record<string, string>> = {};
const noPaths: readonly string[] = [];

/** The surroundings of the arbiter and its workers. */
export const processSettings = {
  chdir: setting({
    doc: 'The directory to change to before the application is loaded. `pid`, the log files and the sockets are relative to it. The configuration file and the environment files are relative to the directory in which the command was given.',
    flags: '--chdir',
    kind: path('directory'),
    default: '.',
  }),
  // env and envFile make the environment, so they are not read from it.
  env: limited('notEnvironment', {
    doc: 'An environment variable to set, replacing an existing one. It may be repeated. The variables of several sources are merged.',
    flags: '-e, --env',
    kind: table(),
    default: none,
    secret: true,
  }),
  envFile: limited('notEnvironment', {
    doc: 'A file of environment variables, in the format of Node’s `--env-file`. It may be repeated, and a later file wins. It does not replace variables that are already set. A missing file ends the command; if it is named on the command line, Node itself reports it: `node: .env: not found`, with status 9.',
    flags: '--env-file',
    kind: listOf(path(), 0),
    default: noPaths,
  }),
  daemon: setting({
    doc: 'Run in the background: the command returns once the first worker is ready, or with the message and the status of the failure. The standard input, output and error are `/dev/null`, so set `errorLogfile`. Relative paths have the same meaning as without it.',
    flags: '-D, --daemon',
    kind: boolean(),
    default: false,
    restart: true,
  }),
  pid: setting({
    doc: 'A file for the arbiter’s process id. During an upgrade (USR2) the process id of the new arbiter is in the same path with `.2` appended.',
    flags: '-p, --pid',
    kind: nullable(path()),
    default: null,
  }),
  name: setting({
    doc: 'A name that `ps` shows in brackets after `tsunicorn: arbiter` and `tsunicorn: worker`.',
    flags: '-n, --name',
    kind: nullable(text('name')),
    default: null,
  }),
  user: setting({
    doc: 'The user that the workers run as, by name or number. Their processes are started as that user, so that neither the application nor what `NODE_OPTIONS` or `LD_PRELOAD` adds ever runs as root. The arbiter stays root: it binds ports below 1024, makes the log files, and gives them and the Unix sockets to that user. The workers get that user’s `HOME`, `USER` and `LOGNAME`. See [privileges.md](privileges.md).',
    flags: '-u, --user',
    kind: nullable(account('user')),
    default: null,
    defaultText: 'the user that starts tsunicorn; a warning is logged if that is root',
  }),
  group: setting({
    doc: 'The group that the workers run as, by name or number.',
    flags: '-g, --group',
    kind: nullable(account('group')),
    default: null,
    defaultText: 'the primary group of `user`',
  }),
  initgroups: setting({
    doc: 'Give the workers every group of `user`. Without it they have only their primary group. It requires `setpriv` of util-linux.',
    flags: '--initgroups',
    kind: boolean(),
    default: false,
  }),
  umask: setting({
    doc: 'The permission bits that new files and sockets do not get, in octal. By default the umask is inherited. A proxy that connects to a Unix socket needs write permission for it, which the usual 022 gives only to the owner. In the configuration file it is a number (`0o022`) or octal text (`"022"`).',
    flags: '-m, --umask',
    kind: nullable(octalMode()),
    default: null,
    restart: true,
  }),
};

// In the configuration file a number is written as one.
function account(what: 'user' | 'group'): Kind<string, string | number> {
  const read = (value: unknown) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? `${value}` : undefined;
    return typeof value === 'string' && value.trim() !== '' ? value : undefined;
  };
  return scalar({
    placeholder: what,
    expected: `a ${what}’s name or number`,
    readText: read,
    readValue: read,
  });
}
