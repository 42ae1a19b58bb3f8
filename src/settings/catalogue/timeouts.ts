import { nullable } from '../compound-kinds.ts';
import { boolean, scalar, seconds } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

/** How long things may take, in seconds. */
export const timeouts = {
  timeout: setting({
    doc: 'How long a worker’s event loop may be silent before the worker is killed and replaced. 0 means no limit. In class `sync` it also limits how long a request may run: its client gets a 504, and the worker is replaced. In class `thread` it limits how long a request may run while no part of its body or answer moves: the thread is ended, the client gets a 504, and the log has the stack of the thread.',
    flags: '-t, --timeout',
    kind: seconds(),
    default: 30,
  }),
  requestTimeout: setting({
    doc: 'How long a request may take in total before its client gets a 504. 0 means no limit. The request itself must arrive within five minutes, or within this time if it is longer; otherwise the client gets a 408.',
    flags: '--request-timeout',
    kind: seconds(),
    default: 0,
  }),
  queueTimeout: setting({
    doc: 'How long a request may have waited before the application gets it; one that has waited longer gets 503 with `Retry-After`, since its client may have given up. 0 means no limit. A request waits from the time in the header `X-Request-Start` on (in seconds, milliseconds, microseconds or nanoseconds since 1970, with or without `t=`), which a proxy of `forwardedAllowIps` has to send. Without the header only the wait for a thread counts, in class `thread`: no process can see how long the kernel held a request.',
    flags: '--queue-timeout',
    kind: seconds(),
    default: 0,
  }),
  stallWarning: setting({
    doc: 'How long a worker’s event loop may be blocked before the log reports it. The report has the waiting requests and, if JavaScript blocks it, the stack. It is repeated while the block lasts, and its end is logged. Nothing is ended. 0 switches it off. The threads of class `thread` are covered too. For the event loop of the worker it needs the watchdog. It has an effect only below `timeout`.',
    flags: '--stall-warning',
    kind: seconds(),
    default: 1,
  }),
  requestWarning: setting({
    doc: 'How long a request may wait for its answer, with nothing received or sent on its connection, before the log reports it. The report has the number of such requests, the oldest one, and the limit that would end them. Nothing is ended. 0 switches it off. Server-sent events, WebSockets and slow clients do not count. Set it higher if the application uses long polling.',
    flags: '--request-warning',
    kind: seconds(),
    default: 30,
  }),
  watchdog: setting({
    doc: 'Do not run the watchdog, a thread in each worker that reports a blocked event loop. In the configuration file: `watchdog: false`. The watchdog logs the blocked stack and the requests in flight, answers waiting clients with 503, and kills a blocked worker whose arbiter has exited. Without it, the arbiter still kills a silent worker after `timeout`. It uses about 10 MB for each worker.',
    flags: '--no-watchdog',
    kind: boolean(),
    default: true,
  }),
  drainDelay: setting({
    doc: 'How long the service keeps accepting after TERM, so that load balancers can stop sending connections. During that time `readyPath` is answered with 503. A second TERM, or INT or QUIT, ends the delay.',
    flags: '--drain-delay',
    kind: seconds(),
    default: 0,
  }),
  gracefulTimeout: setting({
    doc: 'How long a retiring worker may take to finish its requests before it is killed. In the first half of this time WebSockets are closed with code 1001 and streams of server-sent events are ended, one after another.',
    flags: '--graceful-timeout',
    kind: seconds(),
    default: 30,
  }),
  bootTimeout: setting({
    doc: 'How long a worker may take to load the application and listen. 0 means no limit.',
    flags: '--boot-timeout',
    kind: seconds(),
    default: 60,
  }),
  waitReady: setting({
    doc: "Wait until the application calls `process.send('ready')`, as with PM2’s `wait_ready`, before a worker counts as ready. It has to do so within `bootTimeout`. Refused in class `thread`.",
    flags: '--wait-ready',
    kind: boolean(),
    default: false,
  }),
  readyPath: setting({
    doc: 'A path, such as `/healthz`, that the application must answer with 2xx before a worker opens the sockets and counts as ready. The worker asks itself, without the network, repeatedly until `bootTimeout`. These requests do not appear in the access log and call no hook.',
    flags: '--ready-path',
    kind: nullable(requestPath()),
    default: null,
  }),
  keepAlive: setting({
    doc: 'How long an idle connection is kept open for another request. 0 closes each connection after its answer. Behind a load balancer it must be longer than the idle timeout of the load balancer; otherwise that may send requests on connections that are about to close.',
    flags: '--keep-alive',
    kind: seconds(),
    default: 75,
    needs: { classes: ['async', 'thread'] },
  }),
};

/** The path of a request, perhaps with a query, as it can be sent. */
function requestPath(): Kind<string> {
  const read = (value: unknown) =>
    typeof value === 'string' && /^\/[!-~]*$/.test(value) && !value.includes('#') ? value : undefined;
  return scalar({
    placeholder: 'path',
    expected: 'a path that begins with /, such as /healthz',
    readText: read,
    readValue: read,
  });
}
