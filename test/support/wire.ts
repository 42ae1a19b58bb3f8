import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { onTestFinished } from './current-test.ts';

/** A client that writes what the test wants and keeps what it reads. */
export class Wire {
  /** What has come so far. */
  text = '';
  /** Resolves with everything that came, once the connection has ended, in whatever way. */
  readonly ended: Promise<string>;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text) => {
      this.text += text;
    });
    // How it ended is seen in what came.
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => socket.once('close', () => resolve(this.text)));
  }

  write(text: string): void {
    this.socket.write(text);
  }

  /** Resolves as soon as `pattern` has come; rejects when the connection ends without it. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      const more = await Promise.race([once(this.socket, 'data'), this.ended]);
      if (typeof more === 'string' && !pattern.test(this.text))
        throw new Error(`it ended without ${pattern}: ${JSON.stringify(this.text)}`);
    }
    return this.text;
  }
}

/** Connects to a port of 127.0.0.1 or to a path; destroyed when the test ends. */
export async function wireTo(to: number | string): Promise<Wire> {
  const socket = typeof to === 'number' ? net.connect(to, '127.0.0.1') : net.connect(to);
  onTestFinished(() => void socket.destroy());
  const wire = new Wire(socket);
  await once(socket, 'connect');
  return wire;
}

/** Turns of the event loop, in each of which it looks at its sockets. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((turn) => setImmediate(turn));
}
