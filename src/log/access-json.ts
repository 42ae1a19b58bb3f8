import { isPlain } from '../support/text.ts';
import { type AccessFormat, type Entry, pathOf, queryOf, userOf } from './access-entry.ts';
import { isoClock } from './timestamps.ts';

/** With this limit, six values that the client chooses, at six bytes a character at worst, fit into the 4096 bytes of a pipe. */
const SHORT_CHARS = 96;
const EVERY_OTHER = /[^\x20-\x7e]/g;

/** One JSON object a line; what is missing is null, durations are in milliseconds to the microsecond. */
export function jsonFormat(): AccessFormat {
  const time = isoClock();
  return {
    needs: {
      remote: true,
      start: true,
      body: true,
      responseHeaders: false,
      queue: true,
      id: true,
      tls: false,
      closeCode: true,
    },
    line: (entry) => render(time(), entry, Number.POSITIVE_INFINITY),
    shortLine: (entry, limit) => render(time(), entry, Math.min(SHORT_CHARS, limit)),
  };
}

/** Built by hand: JSON.stringify of the whole object takes three times as long. */
function render(time: string, entry: Entry, chars: number): string {
  const { method, remote, url } = entry;
  const text = (value: string): string => json(value.length > chars ? value.slice(0, chars) : value);
  const durationMs = Math.round(entry.elapsedMs * 1000) / 1000;
  return (
    `{"time":"${time}","pid":${entry.pid},"remote":${text(remote)},"method":${text(method)}` +
    `,"path":${text(pathOf(url))},"query":${text(queryOf(url))},"protocol":${text(entry.protocol)}` +
    `,"status":${entry.status},"bytes":${entry.bytes},"durationMs":${durationMs},"queueMs":${wholeOf(entry.queueMs)}` +
    `,"referer":${text(entry.requestHeader('referer'))},"userAgent":${text(entry.requestHeader('user-agent'))}` +
    `,"user":${text(userOf(entry))},"cut":${text(entry.cut)},"requestId":${text(entry.requestId)}` +
    `,"traceId":${text(entry.traceId)},"closeCode":${entry.closeCode}}\n`
  );
}

function wholeOf(ms: number | null): string {
  return ms === null ? 'null' : `${Math.round(ms)}`;
}

/** Makes it ASCII, so that separators and invalid UTF-8 cannot break what reads the lines. */
function json(value: string): string {
  if (value === '') return 'null';
  if (isPlain(value)) return `"${value}"`;
  return JSON.stringify(value).replace(EVERY_OTHER, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
