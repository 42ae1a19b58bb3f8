import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WorkerLog } from '../../log/records.ts';
import type { Clock } from '../../support/clock.ts';
import { answerError } from '../answer-error.ts';
import { divertBody } from '../edge/divert-body.ts';
import { BodyFile } from './file.ts';
import { BodyTrouble } from './trouble.ts';

/** What is copied together, so that a body of many small parts costs no more than its length. */
const BLOCK_BYTES = 64 * 1024;

/** What of all the bodies of a worker is kept in memory at most, beside the block of each that is being filled. */
const SHARED_BYTES = 64 * 1024 ** 2;

export interface CollectorOptions {
  /** What of one body is kept in memory; the rest of it is written to a file. */
  readonly memoryBytes: number;
  /** The same of all bodies together. */
  readonly sharedBytes?: number;
  readonly log: WorkerLog;
  readonly clock: Clock;
}

/** Memory that bodies share. */
class Share {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Returns whether there was so much. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** What the bodies of a worker have in common. */
interface Common {
  readonly memoryBytes: number;
  readonly share: Share;
  readonly trouble: BodyTrouble;
}

/** Keeps the bodies of requests until the whole of each has arrived, so that no handler ever waits for its client. */
export class BodyCollector {
  readonly #common: Common;

  constructor({ memoryBytes, sharedBytes = SHARED_BYTES, log, clock }: CollectorOptions) {
    this.#common = { memoryBytes, share: new Share(sharedBytes), trouble: new BodyTrouble(log, clock) };
  }

  /**
   * Calls `arrived` when the whole body is here; the request then gives it as it would have, as fast as it is read. Never
   * calls it for a client that leaves before or is refused, as it is with 503 where the file fails.
   */
  collect(request: IncomingMessage, response: ServerResponse, arrived: () => void): void {
    new Collected(request, response, this.#common, arrived).begin();
  }
}

class Collected {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #common: Common;
  readonly #arrived: () => void;
  /** What comes before the file, and how much of the shared memory that is. */
  readonly #memory: Buffer[] = [];
  #taken = 0;
  #block: Buffer = Buffer.alloc(0);
  #filled = 0;
  #size = 0;
  #file: BodyFile | null = null;
  #state: 'arriving' | 'whole' | 'given' | 'over' = 'arriving';

  constructor(request: IncomingMessage, response: ServerResponse, common: Common, arrived: () => void) {
    this.#request = request;
    this.#response = response;
    this.#common = common;
    this.#arrived = arrived;
  }

  begin(): void {
    this.#response.once('close', () => this.#end());
    divertBody(this.#request, (chunk: Buffer | null) => {
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
    this.#file ??= new BodyFile(
      (error) => this.#fail(error),
      () => this.#goOn(),
    );
    this.#file.append(block);
  }

  #staysInMemory({ length }: Buffer): boolean {
    const { memoryBytes, share } = this.#common;
    if (this.#taken + length > memoryBytes || !share.take(length)) return false;
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
    else request._read = () => file.next(pass);
    this.#arrived();
  }

  #fail(error: Error): void {
    const request = this.#request;
    const state = this.#state;
    if (state === 'over') return;
    this.#end();
    this.#common.trouble.note(request, this.#size, error);
    // Its handler has a part of the body, and learns by this that there is no more.
    if (state === 'given') request.destroy(error);
    else answerError(this.#response, 503, { 'retry-after': '1' });
  }

  #end(): void {
    this.#state = 'over';
    this.#memory.length = 0;
    this.#common.share.give(this.#taken);
    this.#taken = 0;
    this.#file?.close();
  }
}
