import { listOf, nullable, table } from '../compound-kinds.ts';
import { boolean, octalMode, path, text } from '../kinds.ts';
import { limited, setting } from '../setting.ts';

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
    doc: 'A file of environment variables, in the format of Node’s `--env-file`. It may be repeated, and a later file wins. A variable that is already in the environment stays.',
    flags: '--env-file',
    kind: listOf(path(), 0),
    default: noPaths,
  }),
  daemon: setting({
    doc: 'Detaches from the terminal: the command returns once the first worker is ready, or with the status and the message of the failure. Standard input and outputs are `/dev/null`, so give it an `error-logfile`. Paths mean what they mean without it.',
    flags: '-D, --daemon',
    kind: boolean(),
    default: false,
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
  umask: setting({
    doc: 'The permission bits that new files and sockets do not get, in octal. Without it, the umask is inherited. In the configuration file it is a number (`0o022`) or octal text (`"022"`).',
    flags: '-m, --umask',
    kind: nullable(octalMode()),
    default: null,
  }),
};
