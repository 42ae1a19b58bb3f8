import { UsageError } from '../support/errors.ts';
import { suggest } from '../support/suggest.ts';

const ARBITER =
  "the arbiter's process id (--pid writes it to a file; pgrep -f 'tsunicorn: arbiter' finds it)";
const STATUS = `tsunicorn has no such command; pgrep -fa tsunicorn lists its processes, and under systemd systemctl status says more`;
const STOP = `tsunicorn is stopped by a signal: kill -TERM with ${ARBITER}`;
const RELOAD = `tsunicorn reloads on a signal: kill -HUP with ${ARBITER}`;
const START = 'tsunicorn starts without a command: write for example tsunicorn server.ts:app';
const LOGS =
  'tsunicorn has no such command; its log is on stderr, in --error-logfile, or in journalctl under systemd';
const SCALE = `tsunicorn scales on signals: kill -TTIN for a worker more, kill -TTOU for one fewer, with ${ARBITER}`;

const IMPORT =
  'tsunicorn import ecosystem.config.cjs, tsunicorn import Procfile, or tsunicorn import "gunicorn app:app -w 4"';
const INIT = 'tsunicorn init systemd|docker|kubernetes|nginx|procfile, and the application behind it';

const TOOLS: ReadonlySet<string> = new Set(['import', 'init']);

/** Whether the words are one of our own commands: its name, and then what it is about. */
export function isTool([first = '', second]: readonly string[]): boolean {
  return TOOLS.has(first) && second !== undefined && !second.startsWith('-');
}

/** Commands of other process managers, and what to do instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['status', STATUS],
  ['list', STATUS],
  ['ls', STATUS],
  ['info', STATUS],
  ['monit', STATUS],
  ['top', STATUS],
  ['stop', STOP],
  ['kill', STOP],
  ['quit', STOP],
  ['delete', STOP],
  ['reload', RELOAD],
  ['restart', RELOAD],
  ['start', START],
  ['run', START],
  ['serve', START],
  ['dev', 'for development write for example tsunicorn --reload --debug server.ts:app'],
  ['logs', LOGS],
  ['log', LOGS],
  ['scale', SCALE],
  ['import', `write ${IMPORT}`],
  ['init', `write ${INIT}`],
  ['help', 'write tsunicorn --help'],
  ['version', 'write tsunicorn --version'],
]);

/**
 * The advice where `word` is our own command without what it is about, or one of another process manager, perhaps mistyped;
 * null for other words.
 */
export function verbAdvice(word: string): string | null {
  const exact = ADVICE.get(word);
  if (exact !== undefined) return `there is no module '${word}' here: ${exact}`;
  const near = /^[a-z]{4,}$/.test(word) ? suggest(word, [...ADVICE.keys()]) : null;
  return near === null
    ? null
    : `there is no module '${word}' here; did you mean ${near}? In that case: ${ADVICE.get(near)}`;
}

/** Throws a UsageError with that advice where `app` is such a word and there is no module of that name. */
export async function refuseVerb(app: string, chdir: string): Promise<void> {
  const advice = verbAdvice(app);
  if (advice === null) return;
  const [{ resolveModule }, { parseSpec }] = await Promise.all([
    import('../app/resolve.ts'),
    import('../app/spec.ts'),
  ]);
  try {
    resolveModule(parseSpec(app), chdir);
  } catch {
    // There is none, or it cannot be read.
    throw new UsageError(advice);
  }
}
