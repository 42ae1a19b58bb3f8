import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { Settings } from '../../settings/catalogue/catalogue.ts';
import { parseSyslogTarget, type SyslogTarget } from '../../settings/syslog-target.ts';
import { systemClock } from '../../support/clock.ts';
import { codeOf, messageOf, UsageError } from '../../support/errors.ts';
import type { LogFields, Logger, LogLevel } from '../../support/logger.ts';
import { stackLines } from '../../support/text.ts';
import { both } from '../both.ts';
import { type Also, isLogged, type LogFile, type OpenLog } from '../logger.ts';
import { LogTrouble } from '../trouble.ts';
import { type Entry, formatRecord } from './record.ts';
import { Sink } from './sink.ts';
import { overTcp } from './tcp.ts';
import { overUdp } from './udp.ts';

// What a receiver should take (RFC 5424, 6.1), and what rsyslog takes unless told otherwise.
const LIMITS = { udp: 2048, tcp: 8192 } as const;

/** This process's connection to syslog. */
export interface Syslog extends OpenLog {
  /** Takes a line of the access log, without its newline. */
  access(line: string, pid?: number): void;
}

/** Sends to syslog what goes to `log`, and the access log; records that cannot be sent delay nothing. */
export function openSyslog(
  settings: Settings,
  log: Logger & Pick<LogFile, 'alsoTrouble' | 'setLevel'>,
): Syslog {
  const { syslogFacility: facility, syslogPrefix: prefix } = settings;
  let { logLevel } = settings;
  const target = targetOf(settings);
  const sender = { facility, hostname: hostname(), prefix };
  const open = target.protocol === 'udp' ? overUdp(target) : overTcp(target);
  const listeners: Also[] = [];
  const trouble = new LogTrouble({
    file: settings.syslogTo,
    say: (level, message, fields) => {
      for (const also of listeners) also(level, message, fields);
      logger[level](message, fields);
    },
  });
  const sink = new Sink(open, systemClock, trouble);
  const send = (entry: Entry) => sink.take(formatRecord(sender, entry, new Date(), LIMITS[target.protocol]));
  const logger = both(log, (level, message, fields) => {
    if (isLogged(level, logLevel)) send(entryOf(level, message, fields));
  });
  log.alsoTrouble((level, message, fields) => {
    if (isLogged(level, logLevel)) send(entryOf(level, message, fields));
  });
  return {
    log: logger,
    access: (text, pid = process.pid) => send({ level: 'info', log: 'access', pid, text }),
    close: () => sink.close(),
    alsoTrouble: (also) => {
      listeners.push(also);
      log.alsoTrouble(also);
    },
    setLevel: (level) => {
      logLevel = level;
      log.setLevel(level);
    },
  };
}

/** Refuses a receiver whose name cannot be resolved, naming `source`. One that does not answer is no reason to refuse. */
export async function checkSyslog(source: string, settings: Settings): Promise<void> {
  const { host } = targetOf(settings);
  try {
    await lookup(host);
  } catch (error) {
    throw new UsageError(
      `${source}: cannot resolve "${host}" (${codeOf(error) ?? messageOf(error)}); write the name or address of the syslog receiver`,
    );
  }
}

function targetOf({ syslogTo }: Settings): SyslogTarget {
  const target = parseSyslogTarget(syslogTo);
  // Its kind has read it the same way.
  if (target === null) throw new Error(`no syslog target: ${syslogTo}`);
  return target;
}

function entryOf(level: LogLevel, message: string, fields: LogFields = {}): Entry {
  const { err, lines = [], pid = process.pid } = fields;
  const stack = err === undefined ? [] : stackLines(err);
  return { level, log: 'error', pid, text: [message, ...lines, ...stack].join('\n') };
}
