import type { Explained } from './explained.ts';

/** Log files, the pidfile, receivers, and the rights of users. */
export const files: readonly Explained[] = [
  {
    code: 'TSU0301',
    title: 'The log cannot be written',
    pattern: /: cannot write .+: |`chown \S+` it/,
    means:
      'The file of the error log or the access log cannot be opened by the arbiter, or by the user of the workers.',
    cure: 'Create its directory, and give it to that user; under systemd use `LogsDirectory=`, or log to stderr. See [logs](../logs.md).',
  },
  {
    code: 'TSU0302',
    title: 'The pidfile names a process that runs',
    pattern: /process \S+ is running; stop it/,
    means:
      'A service with the same `--pid` runs already. Two must not have one file: a signal would go to the wrong one.',
    cure: 'Stop or reload that service. If the process is something else that got the number after a crash, remove the file.',
  },
  {
    code: 'TSU0303',
    title: 'The pidfile cannot be written',
    pattern: /cannot write it \(/,
    means: 'The directory of `--pid` does not exist, is read-only, or belongs to another user.',
    cure: 'Choose a directory of the service, such as `/run/app/`, or leave the setting away: systemd needs no pidfile.',
  },
  {
    code: 'TSU0304',
    title: 'The receiver of logs cannot be found',
    pattern: /write the name or address of the syslog receiver/,
    means: 'The host of `--syslog-addr` cannot be resolved.',
    cure: 'Correct the name, or write an address. `getent hosts NAME` asks the same resolver.',
  },
  {
    code: 'TSU0305',
    title: 'A package that the setting needs is missing',
    pattern: /the package \S+ is missing|needs? the package/,
    means:
      'The setting works through a package that is not installed with tsunicorn, to keep the installation small.',
    cure: 'Run the `npm install` of the message in the project.',
  },
  {
    code: 'TSU0306',
    title: 'A directory of files cannot be served',
    pattern:
      /; create it, or name another$|takes every request, so that the application gets none|the worker cannot enter the directory/,
    means:
      'A directory of `--static`, `--sendfile-root` or `--accel-redirect` is not there, is no directory, or may not be entered by the user of the workers; or one at `/` would leave the application no request.',
    cure: 'A relative directory is looked for in `--chdir`. Build what is to be served before the start, and let the user of `--user` read it; see [static files](../static.md).',
  },
  {
    code: 'TSU0401',
    title: 'There is no such user or group',
    pattern: /there is no (user|group) "|has no entry in the user database|it needs --user/,
    means:
      '`--user`, `--group` or `--initgroups` names an account that the system does not know, or lacks the one it needs.',
    cure: '`getent passwd NAME` and `getent group NAME` ask the same database. In a container the account has to be in the image.',
  },
  {
    code: 'TSU0402',
    title: 'No right to run workers as that user',
    pattern:
      /only root can run workers as|cannot run workers as|needs the command setpriv|cannot give a process its groups/,
    means:
      'The arbiter may not change the user of its workers: it is not root, lacks capabilities, or runs in a user namespace without those ids.',
    cure: 'Start it as root, or start it as the user itself, without `--user`: systemd’s `User=` does that. See [privileges](../privileges.md).',
  },
  {
    code: 'TSU0403',
    title: 'The user of the workers cannot read what it needs',
    pattern: /cannot read tsunicorn itself|cannot execute Node|Node itself applies its NODE_OPTIONS/,
    means:
      'Node, tsunicorn or a file of options lies where the user of the workers may not read, often below `/root`.',
    cure: 'Install under `/opt`, `/srv` or `/usr/local`, and make the directories readable (`chmod o+rx`).',
  },
];
