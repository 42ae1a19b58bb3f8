import type { Application, Handler } from '../../../../src/app/application.ts';
import type { FromThread, RequestMessage } from '../../../../workers/classes/thread/messages.ts';
import { Runner } from '../../../../workers/classes/thread/runner.ts';
import { turns } from '../../../support/wire.ts';

const peer = {
  remoteAddress: '192.0.2.7',
  remotePort: 4711,
  remoteFamily: 'IPv4',
  localAddress: '192.0.2.1',
  localPort: 80,
  localFamily: 'IPv4',
  tls: null,
  trusted: true,
};

/** Without the date, which differs from run to run. */
export function undated(message: FromThread): FromThread {
  if (message.type !== 'answer' && message.type !== 'head') return message;
  const { headers } = message.head;
  const at = headers.indexOf('Date');
  return { ...message, head: { ...message.head, headers: at < 0 ? headers : headers.toSpliced(at, 2) } };
}

/** A runner over one handler, and what it posts. */
export function runnerOver(handler: Handler) {
  const posted: FromThread[] = [];
  const slots = new Int32Array(new SharedArrayBuffer(8));
  const application: Application = { what: 'test', handler };
  const runner = new Runner(application, (message) => void posted.push(undated(message)), slots);
  const ask = (given: Partial<RequestMessage> = {}) =>
    runner.handle({
      type: 'request',
      id: 1,
      slot: null,
      method: 'GET',
      url: '/',
      httpVersion: '1.1',
      rawHeaders: ['Host', 'test'],
      peer,
      origin: null,
      requestId: 'r-1',
      bytesRead: 0,
      keepAlive: true,
      body: null,
      ...given,
    });
  return { runner, posted, slots, ask };
}

/** What is posted for one request, without the body's bytes for those that are long. */
export async function answerOf(handler: Handler, given: Partial<RequestMessage> = {}): Promise<FromThread[]> {
  const { posted, ask } = runnerOver(handler);
  ask(given);
  await turns(5);
  return posted;
}
