import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerError } from '../answer-error.ts';
import { divertBody } from '../edge/divert-body.ts';
import { BodyFile } from './file.ts';
import type { BodyStore } from './store.ts';

/** What is copied together, so that a body of many small parts costs no more than its length. */
const BLOCK_BYTES = 64 * 1024;

export interface CollectorOptions {
  /** What of one body is kept in memory; the rest of it is written to a file. */
  readonly memoryBytes: number;
  readonly store: BodyStore;
}

/** Keeps the bodies of requests until the whole of each has arrived, so that no handler ever waits for its client. */
export class BodyCollector {
  readonly #options: CollectorOptions;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /**
   * Calls `arrived` when the whole body is here; the request then gives it as it would have, as fast as it is read. Never
   * calls it for a client that leaves before or is refused, as it is with 503 where the file fails.
   */
  collect(request: IncomingMessage, response: ServerResponse, arrived: () => void): void {
    new Collected(request, response, this.#options, arrived).begin();
  }
}

class Collected {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #options: CollectorOptions;
  readonly #arrived: () => void;
  /** What comes before the file, and how much of the shared memory that is. */
  readonly #memory: Buffer[] = [];
  #taken = 0;
  /** How much of the room for files it has. */
  #written = 0;
  #block: Buffer = Buffer.alloc(0);
  #filled = 0;
  #size = 0;
  #file: BodyFile | null = null;
  /** Whether the request has asked for more before its body was diverted: it does not ask twice. */
  #isAsked = false;
  #state: 'arriving' | 'whole' | 'given' | 'over' = 'arriving';

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: CollectorOptions,
    arrived: () => void,
  ) {
    this.#request = request;
    this.#response = response;
    this.#options = options;
    this.#arrived = arrived;
  }

  begin(): void {
    const request = this.#request;
    this.#response.once('close', () => this.#closed());
    // One that has waited behind another on its connection has what came meanwhile, and maybe all.
    if (request.complete) {
      this.#state = 'given';
      return this.#arrived();
    }
    // Of several chunks read() may return the first alone.
    while (request.readableLength > 0) {
      this.#isAsked = true;
      this.#add(request.read());
    }
    divertBody(request, (chunk: Buffer | null) => {
      if (this.#state !== 'arriving') return true;
      if (chunk === null) this.#whole();
      else this.#add(chunk);
      return this.#file?.isBusy !== true;
    });
  }

  #add(chunk: Buffer): void {
    this.#size += chunk.length;
    for (let from = 0; from < chunk.length; ) {
      if (this.#filled === this.#block.length) this.#newBlock(chunk.length - from);
      const copied = chunk.copy(this.#block, this.#filled, from);
      this.#filled += copied;
      from += copied;
    }
  }

  #newBlock(wanted: number): void {
    this.#store();
    // Doubled: most bodies are small.
    const size = Math.min(BLOCK_BYTES, Math.max(wanted, this.#block.length * 2, 1024));
    this.#block = Buffer.allocUnsafeSlow(size);
    this.#filled = 0;
  }

  #store(): void {
    if (this.#filled === 0) return;
    const block = this.#block.subarray(0, this.#filled);
    this.#filled = 0;
    if (this.#file === null && this.#staysInMemory(block)) return void this.#memory.push(block);
    const { files } = this.#options.store;
    if (!files.take(block.length)) return this.#fail(files.lack());
    this.#written += block.length;
    this.#file ??= new BodyFile(
      (error) => this.#fail(error),
      () => this.#goOn(),
    );
    this.#file.append(block);
  }

  #staysInMemory({ length }: Buffer): boolean {
    const { memoryBytes, store } = this.#options;
    if (this.#taken + length > memoryBytes || !store.memory.take(length)) return false;
    this.#taken += length;
    return true;
  }

  /** The file has taken everything. */
  #goOn(): void {
    if (this.#state === 'whole') return this.#give();
    const { socket } = this.#request;
    // Node's own pause, as many answers wait to be sent, is none of ours.
    if (this.#state === 'arriving' && Reflect.get(socket, '_paused') !== true) socket.resume();
  }

  #whole(): void {
    this.#state = 'whole';
    this.#store();
    // After the parser, which has not returned yet.
    if (this.#file?.isBusy !== true) process.nextTick(() => this.#give());
  }

  #give(): void {
    if (this.#state !== 'whole') return;
    // Whatever was refused on the connection since is behind this request: of one that is refused itself nothing more comes.
    const request = this.#request;
    this.#state = 'given';
    const { push } = process.getBuiltinModule('node:http').IncomingMessage.prototype;
    const pass = (part: Buffer | null) => Reflect.apply(push, request, [part]);
    for (const part of this.#memory.splice(0)) pass(part);
    const file = this.#file;
    if (file === null) pass(null);
    else
      request._read = () => {
        // As Node's own does: a request that is being read keeps its listeners behind its answer.
        Reflect.set(request, '_consuming', true);
        file.next(pass);
      };
    if (this.#isAsked) file?.next(pass);
    this.#arrived();
  }

  #fail(error: Error): void {
    const request = this.#request;
    const state = this.#state;
    if (state === 'over') return;
    this.#end();
    this.#options.store.trouble.note(request, this.#size, error);
    // Its handler has a part of the body, and learns by this that there is no more.
    if (state === 'given') request.destroy(error);
    else answerError(this.#response, 503, { 'retry-after': '1' });
  }

  /** The answer has been sent, or its client has gone. */
  #closed(): void {
    const request = this.#request;
    const { socket } = request;
    const isRead = this.#state === 'given' && this.#response.writableFinished && !isDumped(request);
    if (!isRead || this.#file?.isClosed !== false || socket.destroyed) return this.#end();
    // The handler may read on behind its answer, as long as the connection lasts.
    socket.once('close', () => {
      if (!request.readableEnded) request.destroy(new Error('aborted'));
      this.#end();
    });
  }

  #end(): void {
    this.#state = 'over';
    this.#memory.length = 0;
    const { memory, files } = this.#options.store;
    memory.give(this.#taken);
    files.give(this.#written);
    this.#taken = 0;
    this.#written = 0;
    this.#file?.close();
  }
}

/** Whether Node throws away what is left of a body, since its handler has not begun to read. */
function isDumped(request: IncomingMessage): boolean {
  return Reflect.get(request, '_dumped') === true;
}
