import { Cron } from 'croner';
import { messageOf, UsageError } from '../../support/errors.ts';
import { suggest } from '../../support/suggest.ts';
import type { Timetable } from './plan.ts';

const FIELDS = ['minute', 'hour', 'day of the month', 'month', 'day of the week'] as const;
const CURE =
  "write five fields (minute, hour, day of the month, month, day of the week), such as '0 3 * * *'";
const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'];

/**
 * The times that a schedule asks for, as crontab(5) has it, in a time zone; null is that of the machine. Throws a UsageError
 * that begins with `source` and names the field that is wrong.
 */
export function timetableOf(source: string, schedule: string, timeZone: string | null): Timetable {
  checkZone(source, timeZone);
  const text = schedule.trim().replace(/\s+/g, ' ');
  if (text.startsWith('@')) checkNickname(source, text);
  else checkFields(source, text);
  const cron = parsed(text, timeZone);
  if (typeof cron === 'string') throw new UsageError(`${source}.schedule: "${text}": ${cron}; ${CURE}`);
  if (cron.nextRun() === null) throw new UsageError(`${source}.schedule: "${text}" never comes; ${CURE}`);
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null };
}

function checkZone(source: string, timeZone: string | null): void {
  if (timeZone === null) return;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    const similar = suggest(timeZone, Intl.supportedValuesOf('timeZone'));
    const cure =
      similar === null ? "write one such as 'Europe/Berlin', or 'UTC'" : `did you mean "${similar}"?`;
    throw new UsageError(`${source}.timeZone: "${timeZone}" is not a time zone; ${cure}`);
  }
}

function checkNickname(source: string, text: string): void {
  if (NICKNAMES.includes(text.toLowerCase())) return;
  throw new UsageError(
    `${source}.schedule: "${text}" is unknown; write one of ${NICKNAMES.join(', ')}, or five fields`,
  );
}

/** Each field alone, so that the message can name the one that is wrong. */
function checkFields(source: string, text: string): void {
  const fields = text.split(' ');
  if (fields.length !== 5 && fields.length !== 6)
    throw new UsageError(
      `${source}.schedule: "${text}" has ${fields.length} field${fields.length === 1 ? '' : 's'}; ${CURE}`,
    );
  const names = fields.length === 6 ? ['second', ...FIELDS] : FIELDS;
  for (const [index, field] of fields.entries()) {
    const alone = fields.map((_, at) => (at === index ? field : '*')).join(' ');
    const problem = parsed(alone, null);
    if (typeof problem === 'string')
      throw new UsageError(
        `${source}.schedule: the ${names[index]} "${field}" of "${text}" cannot be read: ${problem}`,
      );
  }
}

/** The parsed text, or why it cannot be parsed. */
function parsed(text: string, timeZone: string | null): Cron | string {
  try {
    return new Cron(text, timeZone === null ? {} : { timezone: timeZone });
  } catch (error) {
    return messageOf(error).replace(/^CronPattern: /, '');
  }
}
