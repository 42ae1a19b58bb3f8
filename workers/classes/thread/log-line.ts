import type { ContextService } from '../../../src/app/contexts.ts';
import type { LogFields, LogLevel } from '../../../src/support/logger.ts';
import type { FromThread } from './messages.ts';
import { sendable } from './runner.ts';

type Line = Extract<FromThread, { type: 'log' }>;

/** The log of a thread, which only the main thread can write: each line is sent there. */
export function logBy(send: (line: Line) => void): ContextService['log'] {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    send({ type: 'log', level, message: String(message), fields: fields && sendableFields(fields) });
  return {
    debug: at('debug'),
    info: at('info'),
    warning: at('warning'),
    error: at('error'),
    critical: at('critical'),
  };
}

/** Each field, or the text of one that cannot travel to another thread. */
function sendableFields(fields: LogFields): LogFields {
  const entries = Object.entries(fields).map(([name, value]) => [name, copyOf(value)]);
  return Object.fromEntries(entries);
}

function copyOf(value: unknown): unknown {
  if (value instanceof Error) return sendable(value);
  try {
    return structuredClone(value);
  } catch {
    // It holds a function or the like.
    return String(value);
  }
}
