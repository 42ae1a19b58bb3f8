import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished } from './current-test.ts';

/** A syslog receiver of the test process. */
export interface Receiver {
  readonly port: number;
  /** The records that came, in order. */
  readonly records: string[];
  close(): Promise<void>;
}

/** Takes datagrams; port 0 is any. */
export async function receiveUdp(port = 0): Promise<Receiver> {
  const records: string[] = [];
  const socket = createSocket('udp4', (datagram) => void records.push(datagram.toString()));
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    socket.close();
    await once(socket, 'close');
  };
  onTestFinished(close);
  return { port: socket.address().port, records, close };
}

/** Takes records with their lengths before them (RFC 6587), over any number of connections. */
export async function receiveTcp(port = 0): Promise<Receiver> {
  const records: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = takeRecords(Buffer.concat([rest, chunk]), records);
    });
    socket.on('error', () => {});
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  onTestFinished(close);
  return { port: (server.address() as net.AddressInfo).port, records, close };
}

/** Returns what is not a whole record yet. */
function takeRecords(bytes: Buffer<ArrayBuffer>, records: string[]): Buffer<ArrayBuffer> {
  const space = bytes.indexOf(' ');
  if (space < 0) return bytes;
  const length = Number(bytes.toString('latin1', 0, space));
  if (!(length > 0)) throw new Error(`no length: ${bytes.toString('latin1', 0, 40)}`);
  const end = space + 1 + length;
  if (bytes.length < end) return bytes;
  records.push(bytes.toString('utf8', space + 1, end));
  return takeRecords(bytes.subarray(end), records);
}
