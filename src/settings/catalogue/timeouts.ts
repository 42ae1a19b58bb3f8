import { nullable } from '../compound-kinds.ts';
import { boolean, scalar, seconds } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

/** How long things may take, in seconds. */
export const timeouts = {
  timeout: setting({
    doc: 'How long a worker’s event loop may be silent before the worker is killed and replaced. 0 is no limit. In class `sync` also how long a request may run: its client gets a 504, and the worker is replaced. In class `thread` it is how long a request may run without a part of its body or its answer moving: then its thread is ended, its client gets a 504, and the log has the stack of what it did.',
    flags: '-t, --timeout',
    kind: seconds(),
    default: 30,
  }),
  requestTimeout: setting({
    doc: 'How long a request may take altogether, before its client gets a 504. 0 is no limit. To arrive whole it has five minutes, or this where it is longer; then its client gets a 408.',
    flags: '--request-timeout',
    kind: seconds(),
    default: 0,
  }),
  stallWarning: setting({
    doc: 'How long a worker’s event loop may be blocked before the log says so: with the requests that wait and, where it is blocked in JavaScript, the stack; again while it lasts, and when it ends. Nothing is ended for it. 0 says nothing. It takes the watchdog, and is of use below `timeout` only.',
    flags: '--stall-warning',
    kind: seconds(),
    default: 1,
  }),
  requestWarning: setting({
    doc: 'How long a request may wait for its answer, while nothing is received or sent on its connection, before the log says so: how many do, the oldest, and which limit would end them. Nothing is ended for it. 0 says nothing. Streams of server-sent events, WebSockets, and clients that are slow themselves do not count; raise it where the application answers long polls.',
    flags: '--request-warning',
    kind: seconds(),
    default: 30,
  }),
  watchdog: setting({
    doc: 'Switches off the watchdog, a thread in each worker that explains a blocked event loop (in the configuration, `watchdog: false`). With it, the log has the blocked stack and the requests in flight, clients that wait get a 503 at once, and a blocked worker whose arbiter is gone ends. Without it, the arbiter kills a silent worker after `timeout` all the same. It takes about 10 MB a worker.',
    flags: '--no-watchdog',
    kind: boolean(),
    default: true,
  }),
  drainDelay: setting({
    doc: 'How long the service goes on accepting after TERM, so that load balancers have time to look elsewhere. Meanwhile `readyPath` is answered with 503. A second TERM, or INT or QUIT, ends the wait.',
    flags: '--drain-delay',
    kind: seconds(),
    default: 0,
  }),
  gracefulTimeout: setting({
    doc: 'How long a retiring worker may take to finish its requests before it is killed. Within the first half of it, WebSockets get the close code 1001 and streams of server-sent events their end, one after another.',
    flags: '--graceful-timeout',
    kind: seconds(),
    default: 30,
  }),
  bootTimeout: setting({
    doc: 'How long a worker may take to load the application and listen. 0 is no limit.',
    flags: '--boot-timeout',
    kind: seconds(),
    default: 60,
  }),
  readyPath: setting({
    doc: 'A path, such as `/healthz`, that the application must answer with 2xx before a worker counts as ready and opens the sockets. The worker asks itself, without the network, again and again until `bootTimeout` is over. Such requests are in no access log and call no hook.',
    flags: '--ready-path',
    kind: nullable(requestPath()),
    default: null,
  }),
  keepAlive: setting({
    doc: 'How long an idle connection is kept for a next request. 0 closes each connection after its answer. Behind a load balancer it must be longer than the balancer’s own idle limit, or it sends requests into closing connections.',
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
