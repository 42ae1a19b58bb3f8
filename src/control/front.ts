import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { Door } from '../admin/door.ts';
import type { RecordLog } from '../log/records.ts';
import type { ServiceStatus } from '../process/status.ts';
import { messageOf } from '../support/errors.ts';
import type { Controlled } from './controlled.ts';
import type { ControlSocket } from './socket.ts';
import { sweep } from './sweep.ts';

/** By then the workers serve, and a process that ends soon has ended. */
const LOAD_AFTER_MS = 5000;

/** The control socket in the arbiter. What answers is loaded with the first connection, or when there is time for it. */
export class ControlFront {
  readonly #socket: ControlSocket;
  readonly #service: Controlled;
  readonly #log: RecordLog;
  readonly #door: Door;
  readonly #isByDefault: boolean;
  #role: ServiceStatus['role'] = 'only';
  #isOpen = false;
  #loading: NodeJS.Timeout | null = null;

  /** `isByDefault` is whether nobody has chosen the path. */
  constructor(socket: ControlSocket, service: Controlled, log: RecordLog, isByDefault: boolean) {
    this.#isByDefault = isByDefault;
    this.#socket = socket;
    this.#service = service;
    this.#log = log;
    this.#door = new Door((request, response) => void this.#answer(request, response));
  }

  /** The path that clients connect to. */
  get path(): string {
    return this.#socket.path;
  }

  /** To be called after each turn of the arbiter's loop. */
  observe(status: ServiceStatus): void {
    this.#service.journal.observe(status);
    if (!this.#isOpen) this.#open();
    if (status.phase === 'serving') this.#loading ??= loadLater();
    this.#follow(status);
  }

  /** The service has ended. Resolves when those who wait have been told, as far as they read at once. */
  async close(): Promise<void> {
    if (this.#loading !== null) clearTimeout(this.#loading);
    const { journal } = this.#service;
    journal.end();
    // HTTP writes what it has in the turn that follows.
    if (this.#door.isUsed) await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    this.#door.close();
    this.#socket.close();
  }

  #open(): void {
    this.#isOpen = true;
    sweep(dirname(this.#socket.path), this.#isByDefault);
    this.#door.open(this.#socket.listener, (error) => this.#failed(error));
    try {
      this.#socket.listens();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The path of the socket leads to the arbiter that serves alone, or is to. */
  #follow({ role, phase, workers }: ServiceStatus): void {
    const before = this.#role;
    const { oldArbiter } = this.#service;
    if (role === before) return;
    // As with the admin pages: until the new arbiter serves, the old one answers.
    if (role === 'new' && (phase !== 'serving' || workers.ready < workers.wanted)) return;
    this.#role = role;
    try {
      if (oldArbiter !== null && role === 'new') this.#socket.takeOver(oldArbiter);
      if (oldArbiter !== null && role === 'only' && before === 'new') this.#socket.forget(oldArbiter);
      if (role === 'only' && before === 'old') this.#socket.takeBack();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const reason = messageOf(error);
    this.#log.error(`The control socket ${this.#socket.path} cannot be used: ${reason}`, {
      event: 'control-failed',
      reason,
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { answer } = await import('./answer.ts');
      await answer(request, response, this.#service, this.#log);
    } catch (error) {
      // The installation may have been replaced before anybody asked.
      response.writeHead(503, { 'Content-Type': 'application/json' });
      response.end(`${JSON.stringify({ schema: 1, error: messageOf(error) })}\n`);
    }
  }
}

/** An installation may be replaced before an upgrade, which is what the socket is asked for then. */
function loadLater(): NodeJS.Timeout {
  return setTimeout(() => void import('./answer.ts').catch(() => {}), LOAD_AFTER_MS).unref();
}
