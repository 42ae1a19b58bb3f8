import { isPrivate, type ListenCall } from './listen-call.ts';

/** Where the service serves, and where the program is to be heard. */
export interface ServedAt {
  /** The ports at which the program is to be served. */
  readonly ports: readonly number[];
  /** The port that decides at once which listen is served (--listen-port); null where none was named. */
  readonly listenPort: number | null;
}

/**
 * What becomes of a listen: it is served; it may be; it is served in place of the one that was; it is told that it
 * listens, as the same port is served already; it really listens, beside what is served; or Node tells that the port is
 * taken.
 */
export type Verdict = 'served' | 'candidate' | 'next' | 'covered' | 'beside' | 'taken';

/** What was decided before. */
export type Decided =
  | { readonly name: 'nothing'; readonly candidates: readonly ListenCall[] }
  | {
      readonly name: 'server';
      readonly call: ListenCall;
      /** Whether the program has closed it. */
      readonly isClosed: boolean;
      /** Why it is served: its address or the setting says so, or nothing else had come up by then. */
      readonly by: 'named' | 'only';
    }
  | { readonly name: 'export' };

/** Judges a listen of an HTTP server that does not listen yet. */
export function judgeListen(call: ListenCall, decided: Decided, at: ServedAt): Verdict {
  if (call.kind === 'handle') return 'beside';
  const isServed = isServedAt(call, at);
  switch (decided.name) {
    case 'export':
      return isServed ? 'covered' : 'beside';
    case 'server': {
      const twin = twinOf(call, [decided.call]);
      const isNext = decided.isClosed
        ? isServed || isSamePlace(call, decided.call)
        : isServed && decided.by === 'only' && twin === null;
      if (isNext) return 'next';
      return twin ?? (isServed ? 'covered' : 'beside');
    }
    case 'nothing': {
      if (isServed) return 'served';
      if (at.listenPort !== null) return 'beside';
      return twinOf(call, decided.candidates) ?? 'candidate';
    }
  }
}

/** The candidates that are served, when no other may come: those with a fixed address go before the others. */
export function bestOf<Candidate extends { readonly call: ListenCall }>(
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const fixed = candidates.filter(({ call }) => !isPrivate(call));
  return fixed.length > 0 ? fixed : candidates;
}

function isServedAt(call: ListenCall, { ports, listenPort }: ServedAt): boolean {
  if (call.kind !== 'port' || call.port === 0) return false;
  return listenPort === null ? ports.includes(call.port) : call.port === listenPort;
}

/** Whether they ask for the same port, on any host, or the same path. */
function isSamePlace(one: ListenCall, other: ListenCall): boolean {
  if (one.kind === 'path') return other.kind === 'path' && one.path === other.path;
  return one.kind === 'port' && other.kind === 'port' && one.port === other.port;
}

/** Frameworks listen to each address of localhost by a server of its own (Fastify). */
function twinOf(call: ListenCall, others: readonly ListenCall[]): 'covered' | 'taken' | null {
  if (call.kind !== 'port' || call.port === 0) return null;
  const same = others.filter((other) => other.kind === 'port' && other.port === call.port);
  if (same.length === 0) return null;
  return same.some((other) => other.kind === 'port' && other.host === call.host) ? 'taken' : 'covered';
}
