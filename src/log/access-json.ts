import {
  type AccessFormat,
  bytesOf,
  type Entry,
  elapsedMs,
  firstHeader,
  pathOf,
  queryOf,
  statusOf,
  userOf,
} from './access-entry.ts';

/** Six values that a client chooses, each character at worst six bytes, then fit the 4096 of a pipe with the rest. */
const SHORT_CHARS = 96;
const EVERY_OTHER = /[^\x20-\x7e]/g;

/** One JSON object a line; what is missing is null, durations are in milliseconds to the microsecond. */
export function jsonFormat(): AccessFormat {
  return {
    needs: { remote: true, start: true, body: true, responseHeaders: false },
    line: (entry) => render(entry, Number.POSITIVE_INFINITY),
    shortLine: (entry) => render(entry, SHORT_CHARS),
  };
}

function render(entry: Entry, chars: number): string {
  const clip = (value: string) => (value === '' ? null : value.slice(0, chars));
  const line = JSON.stringify({
    time: new Date().toISOString(),
    pid: process.pid,
    remote: clip(entry.remote),
    method: entry.method,
    path: clip(pathOf(entry.url)),
    query: clip(queryOf(entry.url)),
    protocol: `HTTP/${entry.req.httpVersion}`,
    status: statusOf(entry),
    bytes: bytesOf(entry),
    durationMs: Math.round(elapsedMs(entry) * 1000) / 1000,
    referer: clip(firstHeader(entry, 'referer')),
    userAgent: clip(firstHeader(entry, 'user-agent')),
    user: clip(userOf(entry)),
  });
  // ASCII, so that no separator or byte that is no UTF-8 can upset what reads the lines.
  return `${line.replace(EVERY_OTHER, escapeUnit)}\n`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
