import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Connects to a server of this process that listens nowhere, and returns the client's end. `properties` are those of the
 * server's end, such as the addresses of whom it is to take for its client. It is no real socket, since another worker might
 * accept a connection to the real ones, and opening another may be forbidden here.
 */
export function connectWithin(server: Server, properties: object): Duplex {
  const [ours, theirs] = process.getBuiltinModule('node:stream').duplexPair();
  server.emit('connection', Object.assign(theirs, likeSocket(theirs), properties));
  return ours;
}

/** What applications expect of a socket and a pair of streams lacks. */
function likeSocket(stream: Duplex): object {
  const itself = () => stream;
  return {
    address: () => ({}),
    setTimeout: itself,
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
  };
}
