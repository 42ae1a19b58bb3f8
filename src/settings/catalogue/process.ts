import { listOf, nullable, table } from '../compound-kinds.ts';
import { boolean, octalMode, path, scalar, text } from '../kinds.ts';
import { type Kind, limited, setting } from '../setting.ts';

const none: Readonly<Record<string, string>> = {};
const noPaths: readonly string[] = [];

/** The surroundings of the arbiter and its workers. */
export const processSettings = {
  chdir: setting({
    doc: 'The directory to change to before the application is loaded. `pid`, the log files and the sockets are relative to it; the configuration and the environment files are relative to where the command was given.',
    flags: '--chdir',
    kind: path('directory'),
    default: '.',
  }),
  // env and envFile make the environment, so they are not read from it.
  env: limited('notEnvironment', {
    doc: 'A variable to set in the environment, over what is there. It may be repeated. Variables of several sources are merged.',
    flags: '-e, --env',
    kind: table(),
    default: none,
  }),
  envFile: limited('notEnvironment', {
    doc: 'A file of environment variables, in the format of Node’s `--env-file`. It may be repeated, and a later file wins. A variable that is already in the environment stays. A missing file ends the command; on the command line itself Node sees that first: `node: .env: not found`, status 9.',
    flags: '--env-file',
    kind: listOf(path(), 0),
    default: noPaths,
  }),
  daemon: setting({
    doc: 'Detaches from the terminal: the command returns once the first worker is ready, or with the status and the message of the failure. Standard input and outputs are `/dev/null`, so give it an `error-logfile`. Paths mean what they mean without it.',
    flags: '-D, --daemon',
    kind: boolean(),
    default: false,
    restart: true,
  }),
  pid: setting({
    doc: 'A file to write the arbiter’s process id to. During an upgrade (USR2) the new arbiter’s is in the same path with `.2` behind it.',
    flags: '-p, --pid',
    kind: nullable(path()),
    default: null,
  }),
  name: setting({
    doc: 'The name under which the processes appear in `ps`. It is shown in place of the application’s.',
    flags: '-n, --name',
    kind: nullable(text('name')),
    default: null,
  }),
  user: setting({
    doc: 'The user as whom the workers run, by name or number: their process is started as that user, so that nothing of the application, nor what `NODE_OPTIONS` or `LD_PRELOAD` adds to it, ever runs as root. The arbiter stays root: it binds ports below 1024, makes the log files and gives them and the Unix sockets to that user. The workers get the user’s HOME, USER and LOGNAME. See [privileges.md](privileges.md).',
    flags: '-u, --user',
    kind: nullable(account('user')),
    default: null,
    defaultText: 'the one who starts tsunicorn; as root that is worth a warning',
  }),
  group: setting({
    doc: 'The group as which the workers run, by name or number.',
    flags: '-g, --group',
    kind: nullable(account('group')),
    default: null,
    defaultText: 'the primary group of `user`',
  }),
  initgroups: setting({
    doc: 'Give the workers every group of `user`. Without it they have their primary group alone. It takes `setpriv` of util-linux.',
    flags: '--initgroups',
    kind: boolean(),
    default: false,
  }),
  umask: setting({
    doc: 'The permission bits that new files and sockets do not get, in octal. Without it, the umask is inherited. To connect to a Unix socket a proxy must be allowed to write to it, which the usual 022 gives to its owner alone. In the configuration file it is a number (`0o022`) or octal text (`"022"`).',
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
