import type { Socket } from 'node:net';
import type { Clock } from '../../support/clock.ts';
import { whenDue } from '../deadlines.ts';

/** How HTTP/2 begins (RFC 9113, 3.4). No request of HTTP/1 begins with its first four bytes: no method is `PRI`. */
const PREFACE = Buffer.from('PRI ');

export interface PriorKnowledgeOptions {
  readonly http1: (socket: Socket) => void;
  readonly http2: (socket: Socket) => void;
  /** How long a client may take to show what it speaks; 0 is no limit. */
  readonly headMs: number;
  readonly clock: Clock;
}

/**
 * Returns what looks at the first bytes of each connection and hands it to the protocol that its client speaks. Nothing is
 * read before the client has sent something.
 */
export function byPreface(options: PriorKnowledgeOptions): (socket: Socket) => void {
  return (socket) => {
    let isDecided = false;
    let stop = () => {};
    let begun: Buffer = Buffer.alloc(0);
    const look = () => {
      if (isDecided) return;
      let speaks: ReturnType<typeof protocolOf> = null;
      // Of several chunks read() may return the first alone, and nothing tells of the others.
      while (speaks === null) {
        const chunk: Buffer | null = socket.read();
        if (chunk === null) return;
        // Put back only once that is enough: what is put back makes the socket readable at once.
        begun = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
        speaks = protocolOf(begun);
      }
      isDecided = true;
      stop();
      socket.off('readable', look).off('end', leave).off('error', ignore);
      socket.unshift(begun);
      options[speaks](socket);
    };
    // Node has told of the end, which nobody else would hear of.
    const leave = () => void socket.destroy();
    socket.on('readable', look).on('end', leave).on('error', ignore);
    look();
    const { headMs, clock } = options;
    if (headMs > 0 && !isDecided) stop = whenDue(socket, headMs, clock, leave);
  };
}

/** Null where more has to come. */
function protocolOf(chunk: Buffer): 'http1' | 'http2' | null {
  const length = Math.min(chunk.length, PREFACE.length);
  if (!chunk.subarray(0, length).equals(PREFACE.subarray(0, length))) return 'http1';
  return length === PREFACE.length ? 'http2' : null;
}

function ignore(): void {}
