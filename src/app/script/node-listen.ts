import type { Server } from 'node:net';
import type { ListenCall } from './listen-call.ts';

/** node:net's own listen() of a server. */
export type Listen = (...args: unknown[]) => Server;

/** Calls `failed` with the error with which the server does not listen. */
export function watchFailure(server: Server, failed: (error: object) => void): void {
  // Not by a listener: without one of the program's own the error is to end it.
  const emit: Emit = server.emit;
  const watched: Emit = (event, ...rest) => {
    if (ENDS_OF_LISTENING.includes(event) && server.emit === watched) server.emit = emit;
    const [error] = rest;
    if (event === 'error' && typeof error === 'object' && error !== null) failed(error);
    return Reflect.apply(emit, server, [event, ...rest]);
  };
  server.emit = watched;
}

const ENDS_OF_LISTENING: readonly (string | symbol)[] = ['listening', 'error', 'connection'];

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

/** Lets a server listen of which the program has been told already that it does. */
export function listenQuietly(server: Server, listen: Listen, args: readonly unknown[]): void {
  const emit: Emit = server.emit;
  const quiet: Emit = (event, ...rest) => {
    if (event === 'listening' || event === 'error') server.emit = emit;
    return event === 'listening' || Reflect.apply(emit, server, [event, ...rest]);
  };
  server.emit = quiet;
  listen(...args);
}

/** Tells a server, as node:net does, that another one of the process has the address. */
export function failLater(server: Server, call: ListenCall): void {
  const port = call.kind === 'port' ? call.port : undefined;
  const address = call.kind === 'port' ? (call.host ?? '::') : undefined;
  const message = `listen EADDRINUSE: address already in use ${address}:${port}`;
  const error = Object.assign(new Error(message), {
    code: 'EADDRINUSE',
    errno: -98,
    syscall: 'listen',
    address,
    port,
  });
  process.nextTick(() => server.emit('error', error));
}
