import { isConfigurable, refused, settingNames, settingOf } from '../settings/catalogue/catalogue.ts';
import { Mismatch } from '../settings/setting.ts';
import { splitArguments } from '../settings/sources/split-arguments.ts';
import { messageOf, UsageError } from '../support/errors.ts';
import { appOf, differently, type Imported, not, type Piece, setting } from './imported.ts';

const HTTP = 'Node parses HTTP; --max-http-header-size in NODE_OPTIONS limits the headers';
const PYTHON = 'it is about Python';

/** Options of Gunicorn that have no option of the same name here, each with the reason. */
export const WITHOUT_COUNTERPART: ReadonlyMap<string, string> = new Map([
  ['--config', 'a configuration file in Python cannot be read; its names in docs/migrating-from-gunicorn.md'],
  ['--preload', refused.get('preload') ?? ''],
  ['--reuse-port', 'all workers accept from one socket; for sockets of their own use {slot} in --bind'],
  ['--no-sendfile', 'what the application sends is what Node sends'],
  ['--sendfile', 'what the application sends is what Node sends'],
  ['--worker-tmp-dir', 'heartbeats need no files'],
  ['--reload-engine', 'the file system reports changes'],
  ['--spew', 'write node --cpu-prof, or --debug'],
  ['--capture-output', 'the output of the application is that of tsunicorn, unchanged'],
  ['--enable-stdio-inheritance', 'the output of the application is that of tsunicorn, unchanged'],
  ['--disable-redirect-access-to-syslog', 'with --log-syslog both logs go to syslog'],
  ['--logger-class', 'use --log-format json'],
  ['--log-config', 'use --log-level and --log-format'],
  ['--log-config-json', 'use --log-level and --log-format'],
  ['--pythonpath', PYTHON],
  ['--paste', PYTHON],
  ['--paster', PYTHON],
  ['--paste-global', PYTHON],
  ['--limit-request-field_size', 'write --limit-request-field-size'],
  ['--strip-header-spaces', HTTP],
  ['--permit-obsolete-folding', HTTP],
  ['--casefold-http-method', HTTP],
  ['--permit-unconventional-http-version', HTTP],
  ['--tolerate-dangerous-framing', 'no: it makes request smuggling possible'],
  ['--ssl-version', 'clients use TLS 1.2 or 1.3; --tls-min 1.3 leaves the former out'],
  [
    '--do-handshake-on-connect',
    'the handshake is made as it comes, within --handshake-timeout, and blocks nobody',
  ],
  ['--suppress-ragged-eofs', 'a client may leave without a word; nothing is logged'],
]);

/** Those that take no value. */
const BARE = new Set([
  '--preload',
  '--reuse-port',
  '--no-sendfile',
  '--sendfile',
  '--spew',
  '--capture-output',
  '--enable-stdio-inheritance',
  '--disable-redirect-access-to-syslog',
  '--strip-header-spaces',
  '--permit-obsolete-folding',
  '--tolerate-dangerous-framing',
  '--do-handshake-on-connect',
  '--suppress-ragged-eofs',
  ...[
    '--casefold-http-method',
    '--permit-unconventional-http-method',
    '--permit-unconventional-http-version',
  ],
]);
const SHORT: ReadonlyMap<string, string> = new Map([
  ['-c', '--config'],
  ['-R', '--enable-stdio-inheritance'],
]);

type Class = readonly [theirs: string, ours: readonly [name: string, why: string]];

const CLASSES: ReadonlyMap<string, readonly [name: string, why: string]> = new Map<string, Class[1]>([
  [
    'sync',
    [
      'sync',
      'as in Gunicorn, one request at a time; nearly every Node application is better served by async',
    ],
  ],
  [
    'gthread',
    [
      'thread',
      'each thread loads the application for itself; without blocking code async is the better choice',
    ],
  ],
  ...['gevent', 'eventlet', 'tornado', 'uvicorn.workers.UvicornWorker'].map(
    (name): Class => [name, ['async', 'one event loop, many requests, as Node does by itself']],
  ),
]);

/** What a command line of Gunicorn says. Throws a UsageError. */
export function importGunicorn(command: string): Imported {
  const words = commandWords(command);
  const pieces: Piece[] = [];
  const texts = new Map<string, string[]>();
  let app: string | null = null;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) {
      app = word;
      continue;
    }
    const { flag, joined } = flagOf(word);
    const isBare = BARE.has(flag) || isSwitch(flag) || (isUnknown(flag) && !isValue(words, index + 1, app));
    const usual = joined ?? standsFor(flag, words[index + 1]);
    if (!isBare && usual === null) index++;
    const value = isBare ? '' : (usual ?? words[index] ?? '');
    texts.set(flag, [...(texts.get(flag) ?? []), value]);
  }
  if (app === null)
    throw new UsageError('the command line of Gunicorn names no application, such as app:app');
  pieces.push(appPiece(app));
  const threads = texts.get('--threads')?.at(-1);
  for (const [flag, values] of texts) pieces.push(pieceOf(flag, values, threads));
  if (!texts.has('--worker-class')) pieces.push(defaultClass(threads));
  return { source: 'the command line of Gunicorn', apps: [appOf(nameOf(app), pieces)], remarks: [] };
}

/** What a flag means without a value, where it has none; null where it has one, or needs one. */
function standsFor(flag: string, next = ''): string | null {
  return flag === '--proxy-protocol' && !/^(?:off|v1|v2|auto)$/.test(next) ? 'auto' : null;
}

/** Of Gunicorn's own default it makes `gthread` where there are threads. */
function defaultClass(threads = '1'): Piece {
  if (Number(threads) > 1) return workerClass('gthread');
  return differently(
    '-k',
    'without it Gunicorn serves one request at a time (sync); here async is the default: one event loop, many requests',
  );
}

function isUnknown(flag: string): boolean {
  return settingFor(flag) === undefined && !WITHOUT_COUNTERPART.has(flag);
}

/** Whether the word is the value of an option that nobody knows: not where no other word is the application. */
function isValue(words: readonly string[], index: number, app: string | null): boolean {
  if (words[index]?.startsWith('-') !== false) return false;
  return app !== null || words.slice(index + 1).some((word) => !word.startsWith('-'));
}

/** Whether the words are a command line of Gunicorn. */
export function isGunicorn(command: string): boolean {
  return /^(?:\w+=(?:"[^"]*"|'[^']*'|\S*)\s+)*(?:\S*\/)?(?:python[\d.]*\s+-m\s+)?(?:\S*\/)?gunicorn(?=\s|$)/.test(
    command.trim(),
  );
}

function commandWords(command: string): readonly string[] {
  const words = splitArguments('import', command);
  const at = words.findIndex((word) => /(?:^|\/)gunicorn$/.test(word));
  const more = words.slice(0, at).find((word) => word.startsWith('GUNICORN_CMD_ARGS='));
  const added =
    more === undefined ? [] : splitArguments('GUNICORN_CMD_ARGS', more.slice('GUNICORN_CMD_ARGS='.length));
  return [...added, ...words.slice(at + 1)];
}

function flagOf(word: string): { readonly flag: string; readonly joined: string | null } {
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (long !== undefined) return { flag: long, joined: value ?? '' };
  if (word.startsWith('--')) return { flag: word, joined: null };
  const short = word.slice(0, 2);
  const full = SHORT.get(short) ?? longOf(short) ?? short;
  return { flag: full, joined: word.length > 2 ? word.slice(2).replace(/^=/, '') : null };
}

function settingFor(flag: string) {
  return settingNames.find((name) => settingOf(name).flags?.split(', ').includes(flag));
}

/** The option that ours are documented by, of one of its spellings. */
function longOf(flag: string): string | undefined {
  const name = settingFor(flag);
  return name === undefined ? undefined : settingOf(name).flags?.split(', ').at(-1);
}

function isSwitch(flag: string): boolean {
  const name = settingFor(flag);
  return name !== undefined && settingOf(name).kind.placeholder === null;
}

function pieceOf(flag: string, values: readonly string[], threads: string | undefined): Piece {
  const name = settingFor(flag);
  if (flag === '--worker-class') return workerClass(values.at(-1) ?? '', threads);
  if (flag === '--config' || name === undefined)
    return not(flag, WITHOUT_COUNTERPART.get(flag) ?? 'tsunicorn has no such option');
  if (!isConfigurable(name)) return differently(flag, 'it belongs on the command line, as here');
  const { kind } = settingOf(name);
  try {
    return setting(name, kind.placeholder === null ? true : kind.fromTexts(values));
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return not(flag, messageOf(error));
  }
}

function workerClass(value: string, threads = '1'): Piece {
  // As Gunicorn itself does.
  if (value === 'sync' && Number(threads) > 1) return workerClass('gthread');
  const [name, why] = CLASSES.get(value) ?? [
    'async',
    'there is no such class here; async fits nearly every application',
  ];
  return differently(`-k ${value}`, why, [['workerClass', name]]);
}

/** `shop.wsgi:create()` names a module of Python; the same place is looked for here. */
function appPiece(app: string): Piece {
  return differently(
    app,
    'it is looked for as a module of JavaScript or TypeScript, with dots as slashes: an export named app, a program, or wsgi() for the gateway interface',
    [['app', app]],
  );
}

function nameOf(app: string): string {
  return (
    app
      .replace(/[:(].*$/s, '')
      .split('.')
      .at(-1) ?? 'app'
  );
}
