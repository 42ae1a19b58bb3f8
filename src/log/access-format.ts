import { UsageError } from '../support/errors.ts';
import { escapeLiteral, escapeQuoted } from '../support/text.ts';
import { TLS_FACTS } from '../support/tls-facts.ts';
import {
  type AccessFormat,
  type Entry,
  type Needs,
  pathOf,
  queryOf,
  requestLine,
  userOf,
} from './access-entry.ts';
import { jsonFormat } from './access-json.ts';
import { accessTime, oncePerSecond } from './timestamps.ts';

/** Constant text, or the function that gives the value of an atom for a request. */
type Piece = string | ((entry: Entry) => string);
type Need = keyof Needs;

interface Atom {
  readonly needs?: Need;
  piece(): Piece;
}

const COMBINED = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';
const CUT = '...\n';
const TOKEN = /%%|%\(([^)]+)\)s|%/g;
const HEADER = /^\{([^{}]+)\}([ioex])$/;

const ATOMS: Readonly<Record<string, Atom>> = {
  h: { needs: 'remote', piece: () => (entry) => entry.remote || '-' },
  l: { piece: () => '-' },
  u: { piece: () => (entry) => quoted(userOf(entry)) },
  t: { piece: () => oncePerSecond(accessTime) },
  r: { piece: () => (entry) => requestLine(entry, escapeQuoted) },
  m: { piece: () => (entry) => quoted(entry.method) },
  U: { piece: () => (entry) => quoted(pathOf(entry.url)) },
  q: { piece: () => (entry) => quoted(queryOf(entry.url)) },
  H: { piece: () => (entry) => quoted(entry.protocol) },
  s: { piece: () => (entry) => `${entry.status}` },
  b: { needs: 'body', piece: () => (entry) => `${entry.bytes || '-'}` },
  B: { needs: 'body', piece: () => (entry) => `${entry.bytes}` },
  f: { piece: () => (entry) => quoted(entry.requestHeader('referer')) },
  a: { piece: () => (entry) => quoted(entry.requestHeader('user-agent')) },
  T: { needs: 'start', piece: () => (entry) => `${Math.floor(entry.elapsedMs / 1000)}` },
  M: { needs: 'start', piece: () => (entry) => `${Math.floor(entry.elapsedMs)}` },
  D: { needs: 'start', piece: () => (entry) => `${Math.floor(entry.elapsedMs * 1000)}` },
  L: { needs: 'start', piece: () => (entry) => (entry.elapsedMs / 1000).toFixed(6) },
  Q: { needs: 'queue', piece: () => (entry) => wholeOf(entry.queueMs) },
  I: { needs: 'id', piece: () => (entry) => entry.requestId || '-' },
  Z: { piece: () => (entry) => entry.traceId || '-' },
  C: { needs: 'closeCode', piece: () => (entry) => `${entry.closeCode ?? '-'}` },
  p: { piece: () => (entry) => `<${entry.pid}>` },
  X: { piece: () => (entry) => quoted(entry.cut) },
};

/** Compiles a format of `%(x)s` atoms, or the word `combined` or `json`. Throws a UsageError that names `source`. */
export function compileFormat(source: string, format: string): AccessFormat {
  if (format === 'json') return jsonFormat();
  const pieces: Piece[] = [];
  const needs = new Set<Need>();
  const text = format === 'combined' ? COMBINED : format;
  let end = 0;
  for (const { 0: token, 1: name, index } of text.matchAll(TOKEN)) {
    add(pieces, escapeLiteral(text.slice(end, index)));
    end = index + token.length;
    add(pieces, token === '%%' ? '%' : pieceOf(source, text, token, name, needs));
  }
  add(pieces, `${escapeLiteral(text.slice(end))}\n`);
  return textFormat(pieces, needs);
}

/** Throws the UsageError that `compileFormat` would throw. */
export function checkAccessFormat(source: string, format: string): void {
  compileFormat(source, format);
}

function pieceOf(
  source: string,
  format: string,
  token: string,
  name: string | undefined,
  needs: Set<Need>,
): Piece {
  if (name === undefined) {
    throw new UsageError(`${source}: expected %(atom)s or %% but found "${format}" with a single %`);
  }
  const atom = headerAtom(name) ?? (Object.hasOwn(ATOMS, name) ? ATOMS[name] : undefined);
  if (!atom) {
    const known = Object.keys(ATOMS).join(' ');
    throw new UsageError(
      `${source}: unknown atom ${token}; known are ${known} and {header}i {header}o {VARIABLE}e {SSL_PROTOCOL}x …`,
    );
  }
  if (atom.needs) needs.add(atom.needs);
  return atom.piece();
}

/** `{name}i`, a header of the request; `{name}o`, of the response; `{name}e`, a variable as it is at the start; `{name}x`, of TLS. */
function headerAtom(text: string): Atom | null {
  const [, name, kind] = HEADER.exec(text) ?? [];
  if (name === undefined) return null;
  const header = name.toLowerCase();
  switch (kind) {
    case 'i':
      return { piece: () => (entry) => quoted(entry.requestHeader(header)) };
    case 'o':
      return {
        needs: 'responseHeaders',
        piece: () => (entry) => quoted(entry.responseHeader(header)),
      };
    case 'x':
      if (!TLS_FACTS.some((known) => known === name)) return null;
      return { needs: 'tls', piece: () => (entry) => quoted(entry.tls[name] ?? '') };
    default:
      return { piece: () => quoted(process.env[name] ?? '') };
  }
}

function textFormat(pieces: readonly Piece[], needs: ReadonlySet<Need>): AccessFormat {
  const line = (entry: Entry): string => {
    let text = '';
    for (const piece of pieces) text += typeof piece === 'string' ? piece : piece(entry);
    return text;
  };
  return {
    needs: {
      remote: needs.has('remote'),
      start: needs.has('start'),
      body: needs.has('body'),
      responseHeaders: needs.has('responseHeaders'),
      queue: needs.has('queue'),
      id: needs.has('id'),
      tls: needs.has('tls'),
      closeCode: needs.has('closeCode'),
    },
    line,
    shortLine: (entry, limit) => `${line(entry).slice(0, limit - CUT.length)}${CUT}`,
  };
}

/** Adds a piece; adjacent constant texts become one. */
function add(pieces: Piece[], piece: Piece): void {
  const last = pieces.at(-1);
  if (typeof last === 'string' && typeof piece === 'string') pieces[pieces.length - 1] = last + piece;
  else if (piece !== '') pieces.push(piece);
}

function quoted(value: string): string {
  return value === '' ? '-' : escapeQuoted(value);
}

function wholeOf(ms: number | null): string {
  return ms === null ? '-' : `${Math.round(ms)}`;
}
