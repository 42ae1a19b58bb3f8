import type { Socket } from 'node:dgram';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { parseStatsdHost, type StatsdHost } from '../settings/statsd-host.ts';
import type { Picture, Target } from './picture.ts';
import { type Counted, countedIn, linesOf, packetsOf, type StatsdStyle } from './statsd-lines.ts';

/** What fits into one packet of Ethernet; receivers read whole packets only. */
const PACKET_BYTES = 1432;

interface Receiver {
  readonly address: string;
  readonly family: number;
  readonly port: number;
}

/** Sends figures to a statsd. */
export class Statsd implements Target {
  readonly name = 'statsd';
  readonly #host: StatsdHost | null;
  readonly #style: () => StatsdStyle;
  #before: Counted | null = null;
  #socket: Socket | null = null;
  #isSending = false;
  /** What ends each packet that is on its way: a socket that fails calls nobody back. */
  readonly #pending = new Set<(isSent: boolean) => void>();

  /** `host` as the setting has it. */
  constructor(host: string, style: () => StatsdStyle) {
    this.#host = parseStatsdHost(host);
    this.#style = style;
  }

  begin({ totals }: Picture): void {
    this.#before = countedIn(totals);
  }

  async push(picture: Picture): Promise<number> {
    // While a name is looked up, what is counted waits for the next time.
    const host = this.#host;
    if (this.#before === null || this.#isSending || host === null) return 0;
    const packets = packetsOf(linesOf(this.#before, picture, this.#style()), PACKET_BYTES);
    this.#before = countedIn(picture.totals);
    this.#isSending = true;
    try {
      const { address, family } = await process.getBuiltinModule('node:dns/promises').lookup(host.host);
      const sent = await Promise.all(
        packets.map((packet) => this.#send(packet, { address, family, port: host.port })),
      );
      return sent.filter((isSent) => !isSent).length;
    } catch {
      // The name does not resolve.
      return packets.length;
    } finally {
      this.#isSending = false;
    }
  }

  close(): void {
    this.#socket?.close();
    this.#socket = null;
    for (const end of this.#pending) end(false);
  }

  #send(packet: string, { address, family, port }: Receiver): Promise<boolean> {
    this.#socket ??= this.#open(family);
    const socket = this.#socket;
    return new Promise((resolve) => {
      const end = (isSent: boolean) => {
        this.#pending.delete(end);
        resolve(isSent);
      };
      this.#pending.add(end);
      socket.send(packet, port, address, (error) => {
        end(!error);
        // Another family may be what the name has from now on.
        if (error && socket === this.#socket) this.close();
      });
    });
  }

  #open(family: number): Socket {
    const socket = process
      .getBuiltinModule('node:dgram')
      .createSocket({ type: family === 6 ? 'udp6' : 'udp4' });
    return socket
      .on('error', () => {
        if (socket === this.#socket) this.close();
      })
      .unref();
  }
}

/** As Gunicorn makes it of the settings. */
export function styleOf({ statsdPrefix, dogstatsdTags }: Settings): StatsdStyle {
  const prefix = statsdPrefix === null ? '' : `${statsdPrefix.replace(/\.+$/, '')}.`;
  return { prefix, tags: dogstatsdTags === null ? '' : `|#${dogstatsdTags}` };
}
