import type { Explained } from './explained.ts';

/** Companions, changes of a running service, and our own commands. */
export const tools: readonly Explained[] = [
  {
    code: 'TSU0701',
    title: 'The schedule of a companion cannot be read',
    pattern: /\.schedule: |\.timeZone: /,
    means: 'A schedule has five fields, as in cron, or is one of `@hourly`, `@daily` and so on.',
    cure: 'The message names the field. [Companions](../companions.md) has examples.',
  },
  {
    code: 'TSU0702',
    title: 'The companion cannot be started',
    pattern: /\.run: |\.cwd: no such directory/,
    means: 'The file or command of a companion does not exist, or cannot be executed.',
    cure: 'Paths are relative to the configuration. Commands are looked up in the PATH of the service: under systemd it is short.',
  },
  {
    code: 'TSU0801',
    title: 'tsunicorn was removed under the running service',
    pattern: /which this arbiter runs from, was removed/,
    means:
      'The directory of the installation is gone, usually through a deployment that replaced `node_modules`. What runs keeps serving; new workers cannot be started.',
    cure: 'Send USR2 to the arbiter, which starts the one that is installed now, or restart. Deploy into new directories: see [upgrades](../upgrades.md).',
  },
  {
    code: 'TSU0802',
    title: 'The daemon could not be started',
    pattern: /--daemon: the process could not be started/,
    means: 'The process in the background could not be made.',
    cure: 'Look at the limits of processes and memory (`ulimit -a`). A service manager is the better way: see [process managers](../process-managers.md).',
  },
  {
    code: 'TSU0901',
    title: 'It is a command of another tool',
    pattern: /there is no module '[^']*' here/,
    means: 'The word is a command of PM2, or of tsunicornctl, and no module of that name is here.',
    cure: 'Write what the message says. `tsunicornctl --help` lists the commands for a running service.',
  },
  {
    code: 'TSU0902',
    title: 'What is to be imported cannot be read',
    pattern:
      /^import\b|: it has no (web process|apps)|an app has no script|expected name: command|there is no parser for YAML|: it cannot be read: |names no application, such as/,
    means: '`tsunicorn import` reads an ecosystem file of PM2, a Procfile, or a command line of Gunicorn.',
    cure: 'Name the file: `tsunicorn import ecosystem.config.cjs`. Copy settings by hand where it cannot be imported: [from PM2](../migrating-from-pm2.md).',
  },
  {
    code: 'TSU0903',
    title: 'The file cannot be written by init',
    pattern: /^init \S+: /,
    means: '`tsunicorn init` writes one file into the working directory and never overwrites one.',
    cure: 'Rename or remove the old file, or run it in another directory.',
  },
  {
    code: 'TSU0905',
    title: 'There is no such code',
    pattern: /^explain .*: there is no such code/,
    means: '`tsunicorn explain` takes a code, such as `TSU0201`, or the message in quotes.',
    cure: '[Errors](../errors.md) lists the codes. A newer version may have more.',
  },
  {
    code: 'TSU0904',
    title: 'The command cannot be served as a program',
    pattern:
      /cannot be served, because |it names no command|it needs a shell|run each other without end|: the script \S+ is `|has no script/,
    means:
      '`tsunicorn npm start` reads the script of package.json and runs its program; a script that is more than one command of Node cannot be read.',
    cure: 'Name the file that listens: `tsunicorn server.js`. See [programs](../programs.md).',
  },
];
