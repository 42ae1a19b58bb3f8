import { nullable } from '../compound-kinds.ts';
import { boolean, choice, path, scalar, text } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';
import { parseSyslogTarget } from '../syslog-target.ts';

// Defined here, because inside setting() their words would widen to string.
const level = choice(
  ['debug', 'info', 'warning', 'error', 'critical'],
  { warn: 'warning', fatal: 'critical' },
  'level',
);
const format = choice(['text', 'json', 'logfmt'], {}, 'format');

// biome-ignore format: a line of names, not a column
const FACILITIES = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
] as const;
const facility = choice(FACILITIES, {}, 'facility');

/** What is logged, and where to. */
export const logging = {
  logLevel: setting({
    doc: 'The least severe level that is logged: `debug`, `info`, `warning`, `error` or `critical`.',
    flags: '--log-level',
    kind: level,
    default: 'info',
  }),
  logFormat: setting({
    doc: 'The format of messages: `text` for people, `json` or `logfmt` for machines ([fields](log-records.md)).',
    flags: '--log-format',
    kind: format,
    default: 'text',
  }),
  errorLogfile: setting({
    doc: 'The file for the server’s own messages. `-` is the standard error.',
    flags: '--log-file, --error-logfile',
    kind: path(),
    default: '-',
  }),
  accessLogfile: setting({
    doc: 'The file for the access log. `-` is the standard output. Without it there is no access log.',
    flags: '--access-logfile',
    kind: nullable(path()),
    default: null,
  }),
  accessLogformat: setting({
    doc: 'The format of the access log: a text with `%(x)s` atoms, or the word `combined` or `json`. `%(X)s` is the reason why a client did not get the whole answer, and `%(Q)s` for how many milliseconds the request had waited in a queue, `%(I)s` its id, `%(C)s` the code that a WebSocket was closed with: see [access-log.md](access-log.md).',
    flags: '--access-logformat',
    kind: text('format'),
    default: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
    needs: { anyOf: ['accessLogfile', 'syslog'] },
  }),
  syslog: setting({
    doc: 'Send the messages and the access log to syslog as well, in the format of RFC 5424. An unreachable receiver costs records, never answers: up to 1 MiB is held, and the error log reports the failure and how many records were dropped. The message ids are `error` and `access`.',
    flags: '--log-syslog, --syslog',
    kind: boolean(),
    default: false,
  }),
  syslogTo: setting({
    doc: 'The syslog receiver: `udp://host:port` or `tcp://host:port`. The default port is 514. Over UDP a record is one datagram of at most 2048 bytes. Over TCP it is preceded by its length (RFC 6587) and has at most 8192 bytes.',
    flags: '--log-syslog-to, --syslog-to',
    kind: syslogTarget(),
    default: 'udp://localhost:514',
    needs: { anyOf: ['syslog'] },
  }),
  syslogPrefix: setting({
    doc: 'A suffix for the application name in syslog records: `shop` makes it `tsunicorn.shop`.',
    flags: '--log-syslog-prefix, --syslog-prefix',
    kind: nullable(syslogName()),
    default: null,
    needs: { anyOf: ['syslog'] },
  }),
  syslogFacility: setting({
    doc: 'The facility of syslog records, such as `daemon` or `local0`.',
    flags: '--log-syslog-facility, --syslog-facility',
    kind: facility,
    default: 'user',
    needs: { anyOf: ['syslog'] },
  }),
};

function syslogTarget(): Kind<string> {
  const read = (value: unknown) =>
    typeof value === 'string' && parseSyslogTarget(value) ? value : undefined;
  const expected = 'udp://host:port or tcp://host:port';
  return scalar({ placeholder: 'target', expected, readText: read, readValue: read });
}

// RFC 5424, 6.2.5: the whole name has at most 48 characters.
function syslogName(): Kind<string> {
  const read = (value: unknown) =>
    typeof value === 'string' && /^[\x21-\x7e]{1,38}$/.test(value) ? value : undefined;
  const expected = 'at most 38 printable ASCII characters without spaces';
  return scalar({ placeholder: 'prefix', expected, readText: read, readValue: read });
}
