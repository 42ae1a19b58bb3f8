import { UsageError } from '../support/errors.ts';
import { suggest } from '../support/suggest.ts';

const START = 'tsunicorn starts without a command: write for example tsunicorn server.ts:app';
const LOGS =
  'its log is on stderr, in --error-logfile, or in journalctl under systemd; tsunicornctl events -f shows the records of the arbiter';
const STATUS = 'write tsunicornctl status, or tsunicornctl ls for every service of this machine';
const STOP = 'write tsunicornctl stop, or send TERM to the arbiter';
const RELOAD = 'write tsunicornctl reload --wait, or send HUP to the arbiter';

const IMPORT =
  'tsunicorn import ecosystem.config.cjs, tsunicorn import Procfile, or tsunicorn import "gunicorn app:app -w 4"';
const INIT = 'tsunicorn init systemd|docker|kubernetes|nginx|procfile, and the application behind it';

const EXPLAIN = 'tsunicorn explain, and the code in brackets behind a message';

const TOOLS: ReadonlySet<string> = new Set(['explain', 'import', 'init']);

/** Whether the words are one of our own commands: its name, and then what it is about. */
export function isTool([first = '', second]: readonly string[]): boolean {
  return TOOLS.has(first) && second !== undefined && !second.startsWith('-');
}

/** Whether the words are a command of tsunicornctl, and no module of that name is there to be served. */
export async function isControl([first = '']: readonly string[], cwd: string): Promise<boolean> {
  if (!/^[a-z]+$/.test(first) || (await isModule(first, cwd))) return false;
  const { verbs } = await import('../ctl/verbs.ts');
  return verbs.some(({ name }) => name === first);
}

/** Commands of other process managers, and what to do instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ...['restart', 'scale', 'kill', 'upgrade'].map((verb) => [verb, `write tsunicornctl ${verb}`] as const),
  ['status', STATUS],
  ['ls', STATUS],
  ['stop', STOP],
  ['reload', RELOAD],
  ['list', STATUS],
  ['info', STATUS],
  ['monit', STATUS],
  ['top', STATUS],
  ['quit', STOP],
  ['delete', STOP],
  ['start', START],
  ['run', START],
  ['serve', START],
  ['dev', 'for development write for example tsunicorn --reload --debug server.ts:app'],
  ['logs', LOGS],
  ['log', LOGS],
  ['import', `write ${IMPORT}`],
  ['init', `write ${INIT}`],
  ['explain', `write ${EXPLAIN}`],
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
  if (!(await isModule(app, chdir))) throw new UsageError(advice);
}

async function isModule(app: string, cwd: string): Promise<boolean> {
  const [{ resolveModule }, { parseSpec }] = await Promise.all([
    import('../app/resolve.ts'),
    import('../app/spec.ts'),
  ]);
  try {
    resolveModule(parseSpec(app), cwd);
    return true;
  } catch {
    // There is none, or it cannot be read.
    return false;
  }
}
