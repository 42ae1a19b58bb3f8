import type { AddressInfo, Socket } from 'node:net';
import type { HandedListener } from '../../process/ipc/boot-spec.ts';
import type { ListenMessage } from '../../process/ipc/listening.ts';
import { toPass } from '../../process/passed-socket.ts';
import { parseAddress } from '../../settings/address.ts';
import { codeOf, messageOf, UsageError } from '../../support/errors.ts';
import { addressOf } from '../own-server.ts';
import { type Bound, bindCall } from './bind-call.ts';
import { type Claim, type KernelQueue, told } from './claim.ts';
import { type ListenCall, placeOf } from './listen-call.ts';

/** How the arbiter is told of a socket, which goes along. */
export type TellListen = (message: ListenMessage, socket?: Socket) => void;

export interface AskedAddressOptions {
  /** What the program asked for in the generation before. */
  readonly handed: readonly HandedListener[];
  readonly tell: TellListen;
  readonly queue: KernelQueue;
  /** The setting `app`, for error lines. */
  readonly text: string;
}

/** Where the service listens if nothing but the program says it: its listen() is granted at once, and the arbiter told. */
export class AskedAddress {
  readonly #options: AskedAddressOptions;
  #listeners: readonly HandedListener[] = [];

  constructor(options: AskedAddressOptions) {
    this.#options = options;
  }

  /** The socket on which this worker serves; none until that is known. */
  get listeners(): readonly HandedListener[] {
    return this.#listeners;
  }

  /** Binds what the call asks for, unless the service has it already. Throws the system's error. */
  claim(call: ListenCall): Claim {
    if (call.kind !== 'port') return this.#refusal(call);
    const place = placeOf(call);
    const handed = this.#options.handed.find((listener) => listener.place === place);
    if (handed) return this.#taking(handed);
    try {
      return this.#binding(place, bindCall(call));
    } catch (error) {
      // The service itself has it, on another host: two cannot listen there at once.
      const inTheWay = this.#options.handed.find(({ url }) => tcpOf(url)?.port === call.port);
      if (codeOf(error) !== 'EADDRINUSE' || inTheWay === undefined) throw error;
      return this.#taking(inTheWay);
    }
  }

  /** Nobody asks: it is where the generation before was served, or else the one in the settings. Throws a UsageError. */
  async useAny(bind: string): Promise<void> {
    const [handed] = this.#options.handed;
    if (handed) this.#taking(handed).serve();
    else await this.useDefault(bind);
  }

  /** No server listens, so that the address is the one in the settings. Throws a UsageError. */
  async useDefault(bind: string): Promise<void> {
    const address = parseAddress('--bind', bind);
    if (address.kind !== 'tcp') return;
    const { host, port, source } = address;
    try {
      this.claim({ kind: 'port', host, port, exclusive: false }).serve();
    } catch (error) {
      const { explainBind } = await import('../../listeners/bind.ts');
      throw new UsageError(explainBind(source, codeOf(error), messageOf(error)));
    }
  }

  #taking(handed: HandedListener): Claim {
    return {
      ...told(tcpOf(handed.url) ?? NOWHERE, () => this.#options.queue.begin(handed)),
      serve: () => {
        this.#listeners = [handed];
        this.#options.tell({ tsunicorn: 'took', place: handed.place ?? '', role: 'main' });
      },
    };
  }

  #binding(place: string, { fd, url, address }: Bound): Claim {
    const { queue, tell } = this.#options;
    const socket = toPass(fd);
    return {
      address: address ?? NOWHERE,
      queue: () => queue.begin({ fd }),
      serve: () => {
        this.#listeners = [{ fd, kind: 'tcp', source: place, url, place }];
        tell({ tsunicorn: 'bound', place, url, role: 'main' }, socket);
      },
      handOn: () => queue.handOn(fd),
      drop: () => queue.close(fd),
    };
  }

  /** The file of a Unix socket outlives its process, so that it belongs to the arbiter. */
  #refusal(call: ListenCall): Claim {
    const { text } = this.#options;
    return {
      ...told(NOWHERE),
      serve: () => {
        const cure = call.kind === 'path' ? `--bind unix:${call.path}` : '--bind';
        throw new UsageError(
          `${text}: the program listens on ${placeOf(call)}, which the arbiter has to bind; name it with ${cure}`,
        );
      },
    };
  }
}

const NOWHERE: AddressInfo = { address: '127.0.0.1', port: 0, family: 'IPv4' };

function tcpOf(url: string): AddressInfo | null {
  const address = addressOf(url);
  return typeof address === 'object' ? address : null;
}
