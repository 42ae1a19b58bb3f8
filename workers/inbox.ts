import type { Socket } from 'node:net';
import type { BootSpec } from '../src/process/ipc/boot-spec.ts';
import { isArbiterMessage } from '../src/process/ipc/checks.ts';
import type { SocketAnswer } from '../src/process/ipc/listening.ts';
import type { ArbiterMessage, WorkerMessage } from '../src/process/ipc/messages.ts';
import { boundTeardown } from './end/teardown.ts';
import { holdTermination, type Termination } from './end/termination.ts';

/** What reaches a worker from outside. */
export type WorkerEvent =
  | ArbiterMessage
  /** A socket has come through the channel; it is to be taken at once. */
  | { readonly tsunicorn: 'given'; readonly answer: SocketAnswer; readonly socket: unknown }
  | { readonly tsunicorn: 'signal'; readonly signal: NodeJS.Signals }
  /** The arbiter is gone. */
  | { readonly tsunicorn: 'orphaned' };

const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGABRT'] as const;
// HUP reaches a worker when its terminal closes; the others are meant for the arbiter. By default each would end the worker.
const IGNORED = ['SIGHUP', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU'] as const;

/** Before the boot spec has come. */
const HARMLESS: readonly string[] = [
  ...['reopenLogs', 'logLevel', 'linger', 'socket'],
  ...['inspect', 'stopInspecting', 'hold', 'follow', 'certificates', 'ticketKeys'],
];

/**
 * The worker's end of the channel, and its signal handlers. Events that come before there is a handler are kept, so that
 * a `retire` during the import of the application is not lost.
 */
export class Inbox {
  #waiting: WorkerEvent[] = [];
  #handler: ((event: WorkerEvent) => void) | null = null;
  /** The application's own listeners for the end of the process. */
  readonly termination: Termination;

  constructor() {
    boundTeardown();
    const ours = new Set<unknown>();
    this.termination = holdTermination(() => this.#put({ tsunicorn: 'signal', signal: 'SIGTERM' }), ours);
    const listen = (event: NodeJS.Signals | 'message', listener: () => void) => {
      ours.add(listener);
      process.on(event, listener);
    };
    for (const signal of SIGNALS) listen(signal, () => this.#put({ tsunicorn: 'signal', signal }));
    for (const signal of IGNORED) listen(signal, () => {});
    // Node reads the channel as long as somebody listens.
    listen('message', () => {});
    this.#takeMessages();
    process.on('disconnect', () => this.#put({ tsunicorn: 'orphaned' }));
    this.send({ tsunicorn: 'hello' });
  }

  /** The application, which may listen for messages of its own, does not see the arbiter's. */
  #takeMessages(): void {
    const emit: (event: string, ...args: readonly unknown[]) => boolean = process.emit;
    const take = (message: ArbiterMessage, socket: unknown) =>
      this.#put(message.tsunicorn === 'socket' ? { tsunicorn: 'given', answer: message, socket } : message);
    const taking = function (this: unknown, event: string, ...args: readonly unknown[]): boolean {
      const [message, socket] = args;
      if (event !== 'message' || !isArbiterMessage(message))
        return Reflect.apply(emit, this, [event, ...args]);
      take(message, socket);
      return true;
    };
    process.emit = taking as typeof process.emit;
  }

  /** The first message; null if the arbiter ended, or told the worker to end, before it sent one. */
  bootSpec(): Promise<BootSpec | null> {
    return new Promise((settle) => {
      this.deliverTo((event) => {
        if (event.tsunicorn === 'boot') {
          this.#handler = null;
          settle(event);
        } else if (!HARMLESS.includes(event.tsunicorn)) process.exit(0);
      });
    });
  }

  /** From now on `handler` gets every event, beginning with those that were kept. */
  deliverTo(handler: (event: WorkerEvent) => void): void {
    this.#handler = handler;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#put(event);
  }

  /**
   * Sends a message to the arbiter; resolves when it is written, or when the arbiter is gone. `socket` goes along, and stays
   * open here.
   */
  send(message: WorkerMessage, socket?: Socket): Promise<void> {
    return new Promise((sent) => {
      if (!process.connected) return sent();
      try {
        process.send?.(message, socket, { keepOpen: true }, () => sent());
      } catch {
        // The channel is broken, for example by the application, and a report of that would need the channel.
        sent();
      }
    });
  }

  #put(event: WorkerEvent): void {
    if (this.#handler) this.#handler(event);
    else this.#waiting.push(event);
  }
}
