import type { ServerResponse } from 'node:http';
import { answerContext } from './current.ts';
import { runAfter, watchEnd } from './end.ts';
import type { AfterRequest } from './store.ts';

/**
 * Calls a function with the response of the current request when its head is complete and can still be changed, also where
 * the answer is an error that the server sends; where no head is sent, when the request has ended. Functions are called in
 * the order in which they were given; what they throw is logged. Throws if the head has been sent.
 */
export function afterRequest(fn: AfterRequest): void {
  if (typeof fn !== 'function') throw new TypeError('afterRequest() takes a function of the response');
  const context = answerContext('afterRequest()');
  const { after } = context.extras;
  // What a server of node:http2 has made; a stream that becomes a request of HTTP/1 has Node's own objects.
  if (!(context.incoming instanceof process.getBuiltinModule('node:http').IncomingMessage))
    throw new Error(
      "afterRequest() cannot change the answers of a program's own server of node:http2; set the headers where the stream is answered",
    );
  if (context.outgoing.headersSent)
    throw new Error('afterRequest() came too late: the head of the answer has been sent; use teardown()');
  after.push(fn);
  if (after.length > 1) return;
  watchEnd(context);
  onHead(context.outgoing, () => runAfter(context));
}

type HeaderValue = Parameters<ServerResponse['setHeader']>[1];

/** Calls `act` once, when the head is about to be written. */
function onHead(response: ServerResponse, act: () => void): void {
  const { writeHead } = response;
  const isOwn = Object.hasOwn(response, 'writeHead');
  const write = (status: number, ...rest: readonly unknown[]): ServerResponse => {
    if (isOwn) response.writeHead = writeHead;
    else Reflect.deleteProperty(response, 'writeHead');
    const [first, second] = rest;
    response.statusCode = status;
    if (typeof first === 'string') response.statusMessage = first;
    setAll(response, typeof first === 'string' ? second : (first ?? second));
    act();
    return response.writeHead(response.statusCode);
  };
  response.writeHead = write as ServerResponse['writeHead'];
}

/** Sets what writeHead() is given, names and values in turn or an object, as Node does where headers were set before. */
function setAll(response: ServerResponse, given: unknown): void {
  if (Array.isArray(given)) {
    const flat: readonly unknown[] = given.flat();
    for (let at = 0; at + 1 < flat.length; at += 2) response.removeHeader(`${flat[at]}`);
    for (let at = 0; at + 1 < flat.length; at += 2)
      response.appendHeader(`${flat[at]}`, flat[at + 1] as string | readonly string[]);
  } else if (typeof given === 'object' && given !== null) {
    for (const [name, value] of Object.entries(given)) response.setHeader(name, value as HeaderValue);
  }
}
