import type { Socket } from 'node:net';

/** What a connection begins with: the content type of a TLS record (RFC 8446, 5.1), a letter as of an HTTP method, or another. */
export type Beginning = 'tls' | 'text' | 'other';

const HANDSHAKE = 0x16;

/** Calls `known` with what a connection begins with. Its bytes can still be read then. Never if it ends before. */
export function seeFirstByte(socket: Socket, known: (beginning: Beginning) => void): void {
  const look = () => {
    const bytes: Buffer | null = socket.read();
    // The end of the stream is readable, too.
    if (bytes === null) return;
    socket.off('readable', look).off('end', leave);
    socket.unshift(bytes);
    known(beginningOf(bytes[0]));
  };
  // Half-open connections are for HTTP.
  const leave = () => void socket.destroy();
  socket.on('end', leave);
  socket.on('readable', look);
}

function beginningOf(byte: number | undefined): Beginning {
  if (byte === HANDSHAKE) return 'tls';
  return byte !== undefined && byte >= 0x41 && byte <= 0x7a ? 'text' : 'other';
}
