import type { ContextService } from '../app/contexts.ts';
import type { LogFields, LogLevel } from '../support/logger.ts';
import { tagsOf } from '../support/request-id.ts';
import { currentContext, isOfRequest } from './current.ts';
import { host } from './host.ts';
import { idOf } from './request-id.ts';

/** The server's log; in a request each line has its id, in JSON as `requestId`. */
export type ContextLog = ContextService['log'];

function at(level: LogLevel): ContextLog[LogLevel] {
  return (message: string, fields?: LogFields) => {
    const context = currentContext('log');
    const log = host.log;
    if (!isOfRequest(context)) return log[level](message, fields);
    const { traceId } = tagsOf(context.incoming);
    const trace = traceId === undefined ? {} : { traceId };
    log[level](message, { requestId: idOf(context), ...trace, ...fields });
  };
}

/** The server's log. Each method throws outside a context. */
export const log: ContextLog = {
  debug: at('debug'),
  info: at('info'),
  warning: at('warning'),
  error: at('error'),
  critical: at('critical'),
};
