/** Why a class differs from node:http, where it does. Each is a part of docs/differences.md. */
export const REASONS = {
  linger: {
    classes: ['async'],
    what: 'The answer ends before the body of the request has arrived.',
    why: 'Node closes the connection at once, and the reset that follows may discard the answer before the client reads it. tsunicorn reads the rest of the body for a moment first. So `socket` closes later, and with an error if the client leaves meanwhile.',
  },
  whole: {
    classes: ['sync', 'thread'],
    what: 'A request is complete before its handler is called.',
    why: 'If the client leaves in the middle of a body, no handler is called. In class `sync`, `req.complete` is true and the trailers are there from the beginning; in class `thread`, as in Node for a request that comes in one piece, once the handler has been called, or once the thread has read a body that is longer than 64 KB or of unknown length. `readable` is not emitted unless there is a listener, and `resume` and `end` may be emitted one turn of the event loop earlier or later.',
  },
  closes: {
    classes: ['sync'],
    what: 'Each answer closes its connection.',
    why: 'The class serves one request for each connection. A request that was pipelined behind another is not answered.',
  },
  socket: {
    classes: ['thread'],
    what: '`req.socket` is a `net.Socket` of the request, not of the connection.',
    why: 'The connection belongs to the main thread, and its next request may run in another thread. So properties set on the socket are not there for the next request. On a kept connection the socket emits `close` with the end of the answer. It has no `server` and no `parser`, never emits `data`, and cannot be half open. Options such as `setNoDelay` have no effect.',
  },
  unsent: {
    classes: ['thread'],
    what: 'Written data leaves the thread one turn of the event loop later.',
    why: '`writableLength` includes it until then; Node passes small writes to the kernel at once. The main thread adds the framing of the body, so `writableLength` does not include it, and `res.chunkedEncoding` is false. `destroySoon()` sends what is in the socket.',
  },
  raw: {
    classes: ['thread'],
    what: 'Nothing can be written past the response.',
    why: 'A handler that writes bytes of HTTP to `req.socket` itself loses the connection.',
  },
  webSocket: {
    classes: ['thread'],
    what: 'WebSockets are answered with 501.',
    why: 'A connection cannot be moved into a thread and back.',
  },
  pipelined: {
    classes: ['async', 'thread'],
    what: 'Pipelined requests run one after another.',
    why: 'The handler gets a request when the previous one on its connection has been answered. It does not get it if that one was refused or its answer closes the connection. Node calls the handler at once.',
  },
  peer: {
    classes: ['async', 'sync'],
    what: 'The address of a client is still known when it has left.',
    why: 'A request that waits for its answer is listed with its client (`tsunicornctl requests`). Node asks the system for the address of a connection once, and keeps it: without that it is `undefined` once the connection has closed, unless the application has looked before.',
  },
  listener: {
    classes: ['sync'],
    what: 'A response has a listener of `close` from the beginning.',
    why: 'The worker runs the next request when the response has closed.',
  },
  server: {
    classes: ['thread'],
    what: 'Of an exported `http.Server`, only the listeners of `request` and `close` are called.',
    why: 'The connections belong to the server of the main thread. So the events `connection`, `checkContinue`, `checkExpectation`, `upgrade`, `connect`, `clientError`, `dropRequest`, `timeout` and `listening` are not emitted, `maxRequestsPerSocket` has no effect, and the client gets the answer of the main thread’s server. A warning names the listeners and options that have no effect.',
  },
  drop: {
    classes: ['sync', 'thread'],
    what: 'An exported `http.Server` does not emit `drop`.',
    why: 'In class `sync` a worker accepts a connection only while it is idle, so there is none too many. In class `thread` the connections belong to the server of the main thread, and `maxConnections` has no effect.',
  },
} as const;

/** A reason by its name. */
export type Reason = keyof typeof REASONS;
