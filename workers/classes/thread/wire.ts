import type { FromThread, Peer, RequestMessage, ToThread } from './messages.ts';
import type { TlsPeer } from './tls-peer.ts';

// V8 writes the name of each property with each message, and looks for it where it reads one: half of what a message
// costs. The two that every request takes cross as plain lists.

type RequestList = readonly [
  id: number,
  slot: number | null,
  method: string,
  url: string,
  httpVersion: string,
  rawHeaders: readonly string[],
  peer: PeerList,
  origin: RequestMessage['origin'],
  requestId: string | null,
  bytesRead: number,
  keepAlive: boolean,
  body: RequestMessage['body'],
];

type PeerList = readonly [
  remoteAddress: string | undefined,
  remotePort: number | undefined,
  remoteFamily: string | undefined,
  localAddress: string | undefined,
  localPort: number | undefined,
  localFamily: string | undefined,
  tls: TlsPeer | null,
  trusted: boolean,
];

type AnswerMessage = Extract<FromThread, { type: 'answer' }>;
type AnswerList = readonly [
  id: number,
  status: number,
  message: string | undefined,
  headers: readonly string[],
  length: number | null,
  closes: boolean,
  without: readonly string[],
  body: AnswerMessage['body'],
];

/** What a message to a thread is while it crosses. */
export type WireToThread = Exclude<ToThread, RequestMessage> | RequestList;
/** What a message of a thread is while it crosses. */
export type WireFromThread = Exclude<FromThread, AnswerMessage> | AnswerList;

export function toWire(message: ToThread): WireToThread {
  if (message.type !== 'request') return message;
  const {
    id,
    slot,
    method,
    url,
    httpVersion,
    rawHeaders,
    peer,
    origin,
    requestId,
    bytesRead,
    keepAlive,
    body,
  } = message;
  return [
    id,
    slot,
    method,
    url,
    httpVersion,
    rawHeaders,
    listOf(peer),
    origin,
    requestId,
    bytesRead,
    keepAlive,
    body,
  ];
}

/** The reverse of `toWire`. */
export function fromWire(wire: WireToThread): ToThread {
  if (!isList(wire)) return wire;
  const [
    id,
    slot,
    method,
    url,
    httpVersion,
    rawHeaders,
    list,
    origin,
    requestId,
    bytesRead,
    keepAlive,
    body,
  ] = wire;
  const peer = peerOf(list);
  return {
    type: 'request',
    id,
    slot,
    method,
    url,
    httpVersion,
    rawHeaders,
    peer,
    origin,
    requestId,
    bytesRead,
    keepAlive,
    body,
  };
}

export function answerToWire(message: FromThread): WireFromThread {
  if (message.type !== 'answer') return message;
  const { status, message: reason, headers, length, closes, without } = message.head;
  return [message.id, status, reason, headers, length, closes, without, message.body];
}

/** The reverse of `answerToWire`. */
export function answerFromWire(wire: WireFromThread): FromThread {
  if (!isList(wire)) return wire;
  const [id, status, message, headers, length, closes, without, body] = wire;
  return { type: 'answer', id, head: { status, message, headers, length, closes, without }, body };
}

function isList<Wire>(wire: Wire): wire is Extract<Wire, readonly unknown[]> {
  return Array.isArray(wire);
}

function listOf(peer: Peer): PeerList {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = peer;
  const { tls, trusted } = peer;
  return [remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily, tls, trusted];
}

function peerOf(list: PeerList): Peer {
  const [remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily, tls, trusted] = list;
  return {
    remoteAddress,
    remotePort,
    remoteFamily,
    localAddress,
    localPort,
    localFamily,
    tls,
    trusted,
  };
}
