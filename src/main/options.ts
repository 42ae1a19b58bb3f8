import { packageVersion } from '../process/installation.ts';
import { type ParseArguments, parseWords } from '../settings/sources/argv.ts';
import { verbAdvice } from './verbs.ts';

const EPILOGUE = `
A number of seconds may have a fraction. In an environment variable, commas separate the items of a list.
Precedence, from low to high: defaults, environment, configuration file,
TSUNICORN_CMD_ARGS (more options), command line.

Examples:
  tsunicorn server.ts                        serve the default export of server.ts
  tsunicorn -w auto -b :8080 server.ts:app   on every interface, one worker for each processor
  tsunicorn --reload --debug server.ts       for development: new code at each save
  tsunicorn -c tsunicorn.config.ts --print-config
  tsunicorn import ecosystem.config.cjs      print the configuration for what PM2, a Procfile or Gunicorn ran
  tsunicorn init systemd server.ts           write a unit; also docker, kubernetes, nginx, procfile
  tsunicornctl status                        the service that runs; tsunicornctl --help says what else can be asked

Signals:
  TERM        finish the requests, then exit        INT, QUIT   exit quickly
  HUP         reload configuration and application  USR1        reopen the log files
  TTIN, TTOU  one worker more, one fewer            USR2        start a new arbiter on the same sockets
  WINCH       retire the workers; HUP brings them back

Exit statuses:
  0  stopped as asked
  1  wrong usage or configuration, or the address is in use
  3  a worker could not start
  4  the application could not be loaded
`;

/** The texts given for each flag of tsunicorn's command line; see parseWords(). */
export const parseArguments: ParseArguments = (words, source) =>
  parseWords(words, source, { version: packageVersion(), epilogue: EPILOGUE, adviceFor: verbAdvice });
