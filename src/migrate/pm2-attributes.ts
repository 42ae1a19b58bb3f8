import { splitArguments } from '../settings/sources/split-arguments.ts';
import { differently, not, type Piece, setting } from './imported.ts';

/** What an attribute of an application becomes; `name` is the attribute as it was written. */
type Attribute = (value: unknown, name: string) => Piece;

const RESTARTS =
  'the delay before the next start of a worker that crashes grows by itself, and a service that has served is never given up';
const LOGS =
  'the program writes to the standard output and error of tsunicorn, which the command redirects; under systemd leave that to the journal. errorLogfile is the log of tsunicorn itself';
const WATCH = 'what is watched is what the application has loaded, and reloadExtraFile';
const COLLECTED = 'tsunicorn has no agent that collects figures; docs/logs.md says what the log has';
const CLUSTER = 'all workers are processes that accept from one socket; the program needs no change';
const OF_PM2 = 'it is about the list or the daemon of PM2, which does not exist here';

/** Every attribute of an application in an ecosystem file of PM2 7, aliases included, by its name. */
export const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ['name', (value) => setting('name', `${value}`)],
  ['cwd', (value) => setting('chdir', `${value}`)],
  ['args', (value) => setting('programArguments', wordsOf(value))],
  ...aliases(['instances'], instances),
  ['exec_mode', execMode],
  [
    'max_memory_restart',
    (value, name) =>
      differently(name, 'the worker is replaced, and serves until its replacement is ready', [
        ['maxMemory', /^\d+$/.test(`${value}`) ? Number(value) : `${value}`],
      ]),
  ],
  [
    'kill_timeout',
    (value, name) =>
      differently(name, 'PM2 counts in milliseconds from SIGINT, tsunicorn in seconds from TERM', [
        ['gracefulTimeout', Number(value) / 1000],
      ]),
  ],
  [
    'listen_timeout',
    (value, name) =>
      differently(
        name,
        'PM2 goes on with the reload when this time is over; tsunicorn undoes it, and the old workers keep serving',
        [['bootTimeout', Number(value) / 1000]],
      ),
  ],
  ['wait_ready', (value) => (value === false ? {} : setting('waitReady', true))],
  [
    'shutdown_with_message',
    (value, name) =>
      value === false
        ? {}
        : differently(
            name,
            "a worker finishes its requests first; then the program's listeners of message get 'shutdown', and those of SIGTERM run too",
          ),
  ],
  ['env', (value) => setting('env', variablesOf(value))],
  ['port', (value) => setting('env', { PORT: `${value}` })],
  [
    'filter_env',
    (_value, name) => not(name, 'the workers inherit the environment; start the command with env -u NAME'),
  ],
  [
    'instance_var',
    (value, name) =>
      value === 'NODE_APP_INSTANCE'
        ? {}
        : not(name, 'each worker has its number in NODE_APP_INSTANCE and in TSUNICORN_SLOT'),
  ],
  [
    'increment_var',
    (_value, name) =>
      differently(
        name,
        "each worker has its number in TSUNICORN_SLOT; bind: ':300{slot}' gives each a port of its own",
      ),
  ],
  ...aliases(['out_file', 'out', 'output', 'out_log'], (value, name) => ({
    ...differently(name, LOGS),
    behind: ` >> ${value}`,
  })),
  ...aliases(['error_file', 'error', 'err', 'err_file', 'err_log'], (value, name) => ({
    ...differently(name, LOGS),
    behind: ` 2>> ${value}`,
  })),
  ...aliases(['log_file', 'log'], (value, name) =>
    typeof value === 'string' ? { ...differently(name, LOGS), behind: ` >> ${value} 2>&1` } : {},
  ),
  ...aliases(['merge_logs', 'combine_logs'], () => ({})),
  [
    'disable_logs',
    (value, name) => (value === true ? { ...differently(name, LOGS), behind: ' > /dev/null' } : {}),
  ],
  ['log_type', (value) => (value === 'json' ? setting('logFormat', 'json') : {})],
  ...aliases(['log_date_format', 'time'], (_value, name) =>
    not(name, 'the lines of tsunicorn have a time; to those of the program nothing is added'),
  ),
  ...aliases(['pid_file', 'pid'], (value, name) =>
    differently(name, 'it is the process id of the arbiter; the workers come and go', [['pid', `${value}`]]),
  ),
  ['watch', watch],
  ...aliases(['ignore_watch', 'watch_delay', 'watch_options'], (_value, name) => not(name, WATCH)),
  [
    'autorestart',
    (value, name) =>
      value === false
        ? not(
            name,
            'a worker that ends is replaced, always; run what ends by itself as a companion with a schedule',
          )
        : {},
  ],
  ...aliases(['max_restarts', 'min_uptime', 'restart_delay', 'exp_backoff_restart_delay'], (_value, name) =>
    differently(name, RESTARTS),
  ),
  [
    'stop_exit_codes',
    (_value, name) => not(name, 'a worker that ends is replaced, whatever its exit status'),
  ],
  ...aliases(['cron_restart', 'cron'], cron),
  [
    'source_map_support',
    (value) => (value === true ? setting('env', { NODE_OPTIONS: '--enable-source-maps' }) : {}),
  ],
  ...aliases(['uid', 'user', 'username'], (value) => setting('user', value)),
  ['gid', (value) => setting('group', value)],
  ...aliases(['treekill', 'kill_retry_time', 'windowsHide', 'disable_source_map_support'], () => ({})),
  ...aliases(
    [
      'namespace',
      'append_env_to_name',
      'force',
      'name_prefix',
      'install_url',
      'write',
      'vizion',
      'post_update',
      'execute_command',
    ],
    (_value, name) => not(name, OF_PM2),
  ),
  ...aliases(
    ['pmx', 'automation', 'trace', 'disable_trace', 'v8', 'event_loop_inspector', 'deep_monitoring', 'io'],
    (value, name) => (value === false ? {} : not(name, COLLECTED)),
  ),
]);

function aliases(names: readonly string[], attribute: Attribute): readonly (readonly [string, Attribute])[] {
  return names.map((name) => [name, attribute]);
}

function instances(value: unknown, name: string): Piece {
  const count = Number(value);
  if (value === 'max' || count === 0) return setting('workers', 'auto');
  if (Number.isInteger(count) && count > 0) return setting('workers', count);
  return differently(name, "'auto' is one worker for each processor; for fewer write the number", [
    ['workers', 'auto'],
  ]);
}

function execMode(value: unknown, name: string): Piece {
  return `${value}`.startsWith('cluster')
    ? differently(name, CLUSTER)
    : differently(
        name,
        `${CLUSTER}, in this mode too. A program that does not call listen() is a companion (docs/companions.md)`,
      );
}

function watch(value: unknown, name: string): Piece {
  if (value === false) return {};
  const files = typeof value === 'string' || Array.isArray(value) ? [value].flat().map(String) : [];
  return differently(name, `it is for development only; ${WATCH}`, [
    ['reload', true],
    ...(files.length === 0 ? [] : [['reloadExtraFile', files] as const]),
  ]);
}

function cron(value: unknown, name: string): Piece {
  if (value === 0 || value === '0') return {};
  return differently(
    name,
    `let cron or a systemd timer reload the service, without a lost request: ${value} kill -HUP "$(cat tsunicorn.pid)"; or set maxLifetime`,
    [['pid', 'tsunicorn.pid']],
  );
}

/** The words of what PM2 takes as text or as a list. */
export function wordsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : splitArguments('args', `${value}`);
}

/** Variables as text; what is no text and no number is JSON, as PM2 passes it. */
export function variablesOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, held]: [string, unknown]) => [
      key,
      typeof held === 'object' ? JSON.stringify(held) : String(held),
    ]),
  );
}
