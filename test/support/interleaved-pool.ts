import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MessagePort } from 'node:worker_threads';
import { onTestFinished, vi } from 'vitest';
import { Share } from '../../src/http/bodies/store.ts';
import { Dispatcher } from '../../workers/classes/thread/dispatcher.ts';
import { Exchange } from '../../workers/classes/thread/exchange.ts';
import { Lane } from '../../workers/classes/thread/lane.ts';
import { type FromThread, type ToThread, WINDOW } from '../../workers/classes/thread/messages.ts';
import { Runner } from '../../workers/classes/thread/runner.ts';
import { drawFrom } from './draw.ts';
import { turns } from './wire.ts';

const { compareExchange } = Atomics;
type FromRunner = Parameters<Lane['receive']>[0];

interface FakeThread {
  isHeard: boolean; // Until what it sends is lost; it may still run for a while.
  readonly lane: Lane;
  readonly slots: Int32Array;
  readonly runner: Runner;
  readonly toThread: Exclude<ToThread, { type: 'close' | 'ping' }>[];
  readonly toPool: FromRunner[];
}

/** What became of one request. */
export interface Fate {
  readonly exchange: Exchange;
  /** Its thread ended when it had begun, or could have. */
  isLost: boolean;
  isWithdrawn: boolean;
  begun: number;
  answers: number;
}

/**
 * The dispatcher, its lanes and their runners in one thread, which takes the place of all of theirs: whenever one of
 * them posts a message or touches a slot, any other may go on in the middle of it, as it may on several processors. What
 * happens, and where, is drawn from `seed`.
 */
export class InterleavedPool {
  readonly dispatcher = new Dispatcher(1000);
  readonly fates = new Map<number, Fate>();
  #threads: FakeThread[] = [];
  /** Those that are in the middle of something; the last one goes on. */
  readonly #active: (FakeThread | 'pool')[] = [];
  readonly #draw: () => number;
  #nowMs = 0;

  constructor(seed: number, threads: number) {
    this.#draw = drawFrom(seed);
    vi.spyOn(performance, 'now').mockImplementation(() => this.#nowMs);
    vi.spyOn(Atomics, 'compareExchange').mockImplementation(((
      slots: Int32Array,
      ...rest: [number, number, number]
    ) => {
      const who = this.#active.at(-1) ?? this.#threads.find((thread) => thread.slots === slots) ?? 'pool';
      return this.#as(who, () => {
        this.#interrupt();
        return compareExchange(slots, ...rest);
      });
    }) as typeof Atomics.compareExchange);
    onTestFinished(() => void vi.restoreAllMocks());
    for (let count = 0; count < threads; count++) this.#spawn();
  }

  get lanes(): readonly Lane[] {
    return this.#threads.map(({ lane }) => lane);
  }

  /** Lets `requests` come, and so many steps happen with them. */
  async live(requests: number): Promise<void> {
    for (let id = 1; id <= requests; id++) {
      this.#as('pool', () => this.#submit(id));
      for (let steps = this.#below(6); steps > 0; steps--) {
        this.#step();
        if (this.#below(2) === 0) await turns(1);
      }
    }
  }

  /** Lets everything that is under way arrive. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 6; ) {
      quiet = this.#threads.some((thread) => thread.toPool.length + thread.toThread.length > 0)
        ? 0
        : quiet + 1;
      for (const thread of [...this.#threads]) {
        this.#deliverToThread(thread);
        this.#deliverToPool(thread);
      }
      await turns(1);
    }
  }

  #spawn(): void {
    const thread = this.#thread();
    this.#threads.push(thread);
    this.#as('pool', () => this.dispatcher.add(thread.lane));
  }

  /** As a thread and its pool do it. */
  #end(thread: FakeThread): void {
    const { lane, toPool } = thread;
    const { ran, waited, handled } = lane.close(() => {
      for (let message = toPool.shift(); message; message = toPool.shift()) lane.receive(message);
    });
    thread.isHeard = false;
    this.dispatcher.remove(lane);
    this.#threads = this.#threads.filter((other) => other !== thread);
    const fate = this.fates.get(ran?.id ?? 0);
    if (fate) fate.isLost = true;
    ran?.refuse(504);
    for (const exchange of handled) {
      const cut = this.fates.get(exchange.id);
      if (cut) cut.isLost = true;
      exchange.refuse(503);
    }
    this.dispatcher.resubmit(waited);
    this.#spawn();
  }

  #thread(): FakeThread {
    const toThread: FakeThread['toThread'] = [];
    const toPool: FromRunner[] = [];
    const slots = new Int32Array(new SharedArrayBuffer(8));
    const port = {
      postMessage: (message: ToThread) => {
        if (message.type !== 'close' && message.type !== 'ping') toThread.push(message);
        this.#interrupt();
      },
      close() {},
    } as unknown as MessagePort;
    const lane = new Lane(port, slots, {
      free: (one) => this.dispatcher.free(one),
      failed: () => {},
      answer: (_error, exchange) => exchange.refuse(500),
    });
    const post = (message: FromThread) => {
      if (thread.isHeard) toPool.push(message as FromRunner);
      this.#as(thread, () => this.#interrupt());
    };
    const handler = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response);
    const runner = new Runner({ what: 'test', handler }, post, slots);
    const thread: FakeThread = { isHeard: true, lane, slots, runner, toThread, toPool };
    return thread;
  }

  /** What the application does: answers now, later, in parts or never, fails, or cuts the connection. */
  #handle(request: IncomingMessage, response: ServerResponse): unknown {
    const fate = this.fates.get(Number(request.url?.slice(1)));
    if (fate) fate.begun++;
    switch (this.#below(8)) {
      case 0:
        return setImmediate(() => response.end('later'));
      case 1:
        return turns(2).then(() => void response.end('promised'));
      case 2:
        response.write('a part');
        return setImmediate(() => response.end('and the rest'));
      case 3:
        throw new Error('thrown');
      case 4:
        return turns(1).then(() => Promise.reject(new Error('rejected')));
      case 5:
        return void request.socket.destroy();
      case 6:
        return void response.end(Buffer.alloc(WINDOW * 2));
      default:
        return void response.end('at once');
    }
  }

  #submit(id: number): void {
    const fate: Fate = {
      exchange: this.#exchange(id),
      isLost: false,
      isWithdrawn: false,
      begun: 0,
      answers: 0,
    };
    this.fates.set(id, fate);
    this.dispatcher.submit(fate.exchange);
  }

  #exchange(id: number): Exchange {
    const request = {
      method: 'GET',
      url: `/${id}`,
      httpVersion: '1.1',
      rawHeaders: [],
      headers: {},
      socket: {},
    };
    const done = () => {
      const fate = this.fates.get(id);
      if (fate) fate.answers++;
    };
    const response = {
      headersSent: false,
      getHeaderNames: () => [],
      setHeader() {},
      writeHead() {},
      flushHeaders() {},
      write: () => true,
      end: done,
      destroy: done,
    } as unknown as ServerResponse;
    const body = this.#below(8) === 0 ? new Uint8Array(1) : null;
    return new Exchange(id, request as unknown as IncomingMessage, response, body, new Share(0));
  }

  #step(): void {
    const thread = this.#threads[this.#below(this.#threads.length)];
    const what = this.#below(64);
    if (thread === undefined) return;
    if (what < 24) return this.#active.includes(thread) ? undefined : this.#deliverToThread(thread);
    if (this.#active.includes('pool')) return;
    if (what < 48) return this.#deliverToPool(thread);
    if (what < 56) return this.#as('pool', () => this.#withdrawAny());
    if (what < 58) return this.#as('pool', () => this.#end(thread));
    if (what < 61) return this.#as('pool', () => tellSlow(thread.lane));
    this.#nowMs += this.#below(4);
  }

  #withdrawAny(): void {
    const open = [...this.fates.values()].filter(({ answers, isWithdrawn }) => answers === 0 && !isWithdrawn);
    const fate = open[this.#below(open.length * 2)];
    if (fate === undefined) return;
    fate.isWithdrawn = true;
    this.dispatcher.withdraw(fate.exchange);
  }

  #deliverToThread(thread: FakeThread): void {
    const message = thread.toThread.shift();
    if (message) this.#as(thread, () => thread.runner.handle(message));
  }

  #deliverToPool({ lane, toPool }: FakeThread): void {
    const message = toPool.shift();
    if (message) this.#as('pool', () => lane.receive(message));
  }

  /** The others go on while this one is held up. */
  #interrupt(): void {
    if (this.#active.length > 4) return;
    for (let steps = this.#below(12) - 4; steps > 0; steps--) this.#step();
  }

  #as<T>(who: FakeThread | 'pool', act: () => T): T {
    this.#active.push(who);
    try {
      return act();
    } finally {
      this.#active.pop();
    }
  }

  readonly #below = (limit: number): number => Math.floor(this.#draw() * limit);
}

/** As of an answer that its client is slow to take. */
function tellSlow({ head, send }: Lane): void {
  if (head !== null) send({ type: 'slow', id: head.id });
}
