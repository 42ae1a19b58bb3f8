import type { Settings } from '../../settings/catalogue/catalogue.ts';
import type { LogLevel } from '../../support/logger.ts';
import { escapeControls } from '../../support/text.ts';

/** What differs between records; the rest is the same for all of a process. */
export interface Entry {
  readonly level: LogLevel;
  /** Which of the two logs it belongs to. */
  readonly log: 'error' | 'access';
  readonly pid: number;
  readonly text: string;
}

/** The sender of records. */
export interface Sender {
  readonly facility: Settings['syslogFacility'];
  readonly hostname: string;
  /** Put behind `tsunicorn.` in the application's name. */
  readonly prefix: string | null;
}

// RFC 5424, 6.2.1.
const SEVERITY: Readonly<Record<LogLevel, number>> = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 };
const FACILITY: Readonly<Record<Settings['syslogFacility'], number>> = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
};

/**
 * A record of RFC 5424 in at most `limit` bytes, cut between two characters. It has no control character, whoever chose
 * the text, and so cannot be taken for two.
 */
export function formatRecord(sender: Sender, entry: Entry, at: Date, limit: number): Buffer {
  const priority = FACILITY[sender.facility] * 8 + SEVERITY[entry.level];
  const name = sender.prefix === null ? 'tsunicorn' : `tsunicorn.${sender.prefix}`;
  const header = `<${priority}>1 ${at.toISOString()} ${field(sender.hostname, 255)} ${field(name, 48)} ${entry.pid} ${entry.log} -`;
  return cut(Buffer.from(`${header} ${escapeControls(entry.text)}`), limit);
}

/** A name as the header allows it: printable ASCII without spaces, or `-` if nothing is left. */
function field(text: string, length: number): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, length) || '-';
}

/** The first bytes of UTF-8 text without a part of a character at the end. */
function cut(bytes: Buffer, limit: number): Buffer {
  if (bytes.length <= limit) return bytes;
  let end = limit;
  // 10xxxxxx continues a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
