import type { Explained } from './explained.ts';

/** Settings, wherever they come from. */
export const settings: readonly Explained[] = [
  {
    code: 'TSU0101',
    title: 'The option is not known',
    pattern:
      /unknown option|takes no value|^--[\w-]+: a value is missing|^(TSUNICORN_CMD_ARGS: )?too many arguments/,
    means:
      'A word of the command line, or of `TSUNICORN_CMD_ARGS`, is no option, or an option has a value too many or too few.',
    cure: '`tsunicorn --help` lists the options. Arguments of a program that is served are written behind `--`.',
  },
  {
    code: 'TSU0102',
    title: 'The setting is not known',
    pattern: /unknown setting "|cannot be set in the configuration file/,
    means:
      'The configuration file has a key that is neither a setting nor a hook. Nothing is guessed: a misspelt limit must not be a limit that is silently off.',
    cure: 'Write the name that the message proposes. [Settings](../settings.md) lists them all; `defineConfig` and the JSON schema let the editor complete them.',
  },
  {
    code: 'TSU0103',
    title: 'The setting is refused',
    pattern: /\bis refused: /,
    means:
      'It is a setting of Gunicorn or of another server that has no meaning here, or would mean something else.',
    cure: 'Remove it. The message says what serves the purpose instead.',
  },
  {
    code: 'TSU0104',
    title: 'The configuration file cannot be found or read',
    pattern:
      /: (no such file|not readable|a directory, expected a file)$|^the configuration could not be read/,
    means:
      '`-c`, `TSUNICORN_CONFIG` or `--env-file` names a file that is not there or that this user may not read.',
    cure: 'Correct the path: it is relative to the directory in which tsunicorn is started. `ls -l` shows who may read it.',
  },
  {
    code: 'TSU0105',
    title: 'The configuration file does not export settings',
    pattern:
      /export default defineConfig|a profile is an object|has no profile|hook.* expected a function|: expected a function$/,
    means:
      'The file was imported, but its export, or the profile that was asked for, is no object of settings and hooks.',
    cure: 'Write `export default defineConfig({ … })`. `-c file.ts:Name` takes the export `Name`.',
  },
  {
    code: 'TSU0106',
    title: 'The configuration file threw',
    pattern:
      /a getter of its export threw|the getter .* threw|the constructor of .* threw|look for an await that never ends|it ended the process with status|it is not valid JSON|: it threw: |it does not parse|its name does not end in|config\S*: \S+\(\) threw: /,
    means: 'The code of the configuration file failed, never finished, or is not valid JSON.',
    cure: 'Run `node tsunicorn.config.ts` to see the failure by itself. A configuration file should compute, not connect.',
  },
  {
    code: 'TSU0107',
    title: 'The limits of the number of workers contradict each other',
    pattern:
      /(an upper|a lower) limit is missing|is more than --workers-max|\(--workers-min\) to .*\(--workers-max\)|^scale\(\): /,
    means:
      '`--workers-min` and `--workers-max` are given together or not at all, and `--workers` lies between them.',
    cure: 'Correct the numbers, or leave the limits away for a fixed number of workers. See [scaling](../scaling.md).',
  },
  {
    code: 'TSU0108',
    title: 'The working directory cannot be used',
    pattern: /: no such directory: \S+$|: cannot enter |^the working directory .* is gone/,
    means:
      '`--chdir`, or the directory in which tsunicorn was started, does not exist or may not be entered.',
    cure: 'Create it, correct the path, or change its mode. Where releases are directories, name the link (`current`) in `--chdir`.',
  },
  {
    code: 'TSU0109',
    title: 'The settings exclude each other',
    pattern:
      /remove one of them(, or mount|$)|cannot call process\.send\(\)|runs no programs|a program serves all paths|NODE_ENV is production|leave --spare-workers away|leave --workers-min/,
    means:
      'Two settings, or a setting and what is served, cannot both hold. The message names both and where they come from.',
    cure: 'Remove the one that the message names. `tsunicorn --print-config` shows the source of every value.',
  },
  {
    code: 'TSU0110',
    title: 'The text cannot be split into words, or a call in code sets what it cannot',
    pattern:
      /quote is not closed|escapes nothing|^createService\(\): app|a function cannot be sent to another process|it would change the process of the program/,
    means:
      '`TSUNICORN_CMD_ARGS` is quoted as in a shell, and `createService()` takes only what cannot change the calling process.',
    cure: 'Close the quote, or move the setting into a configuration file. See [as a library](../library.md).',
  },
  {
    code: 'TSU0111',
    title: 'The atom of the access log is not known',
    pattern: /unknown atom |with a single %/,
    means: '`--access-logformat` has a `%` that begins no atom.',
    cure: 'Write `%%` for a percent sign. [The access log](../access-log.md) lists the atoms.',
  },
  {
    code: 'TSU0199',
    title: 'The value is not of the kind that the setting takes',
    pattern: /: expected |, got |must be |has to be /,
    means:
      'The message says where the value came from (an option, a variable, a line of the file), what was expected there and what was found.',
    cure: 'Correct the value at that place. An environment variable that was inherited counts too: `tsunicorn --print-config` shows the source of every value.',
  },
];
