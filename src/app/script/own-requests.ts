import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

const CHANNEL = 'net.client.socket';

/** Calls `connected` with the port of each connection that this process opens to its own machine. Returns what ends that. */
export function watchOwnRequests(connected: (port: number) => void): () => void {
  const note = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    const { socket } = message;
    if (!(socket instanceof Socket)) return;
    socket.once('connect', () => {
      const { localAddress, remoteAddress, remotePort } = socket;
      if (remotePort !== undefined && localAddress === remoteAddress) connected(remotePort);
    });
  };
  subscribe(CHANNEL, note);
  return () => void unsubscribe(CHANNEL, note);
}
