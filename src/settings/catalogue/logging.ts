import { nullable } from '../compound-kinds.ts';
import { choice, path, text } from '../kinds.ts';
import { setting } from '../setting.ts';

// Apart, as inside setting() their words would widen to string.
const level = choice(
  ['debug', 'info', 'warning', 'error', 'critical'],
  { warn: 'warning', fatal: 'critical' },
  'level',
);
const format = choice(['text', 'json'], {}, 'format');

/** What is logged, and where to. */
export const logging = {
  logLevel: setting({
    doc: 'The least severe messages that are logged: `debug`, `info`, `warning`, `error` or `critical`.',
    flags: '--log-level',
    kind: level,
    default: 'info',
  }),
  logFormat: setting({
    doc: 'How messages are written: lines of `text` for people or of `json` for machines.',
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
    doc: 'The file for the access log. `-` is the standard output; without it there is none.',
    flags: '--access-logfile',
    kind: nullable(path()),
    default: null,
  }),
  accessLogformat: setting({
    doc: 'The format of the access log: a text with `%(x)s` atoms, or the word `combined` or `json`.',
    flags: '--access-logformat',
    kind: text('format'),
    default: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
  }),
};
