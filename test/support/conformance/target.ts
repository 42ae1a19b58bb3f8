import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { About } from '../../fixtures/conformance/material.ts';
import { type Answer, ask, askBytes, type Question, type RawAnswer } from '../http-client.ts';
import type { Served } from '../shared.ts';
import { temporaryDirectory } from '../tsunicorn.ts';
import { type Wire, wireTo } from '../wire.ts';

/** What a worker class does differently by design; everything else all of them must do alike. */
export interface WorkerClass {
  readonly args: readonly string[];
  /** Whether a connection takes a second request. */
  readonly keepsConnections: boolean;
  /** Whether the application has a request before its (small) body has come. */
  readonly runsBeforeBody: boolean;
}

export const CLASSES = {
  async: { args: ['-k', 'async'], keepsConnections: true, runsBeforeBody: true },
  sync: { args: ['-k', 'sync'], keepsConnections: false, runsBeforeBody: false },
  // One thread, so that what an application counts is the count of all.
  thread: { args: ['-k', 'thread', '--threads', '1'], keepsConnections: true, runsBeforeBody: false },
} as const satisfies Readonly<Record<string, WorkerClass>>;

/** What the suite asks of one server, by the title of the test. */
export type Cases = Readonly<Record<string, (target: Target) => Promise<void>>>;

/** One server that runs the application of test/fixtures/conformance, in whatever shape. */
export class Target {
  readonly traits: WorkerClass;
  readonly #served: () => Served;

  readonly #accessLog: string;

  constructor(traits: WorkerClass, served: () => Served, accessLog: string) {
    this.traits = traits;
    this.#served = served;
    this.#accessLog = accessLog;
  }

  get workers(): readonly number[] {
    return this.#served().workers();
  }

  /** The pid of its only worker. */
  get pid(): number {
    return this.workers[0] ?? 0;
  }

  ask(path: string, question: Partial<Question> = {}): Promise<Answer> {
    return ask({ url: this.#served().at, path, ...question });
  }

  askBytes(path: string, question: Partial<Question> = {}): Promise<RawAnswer> {
    return askBytes({ url: this.#served().at, path, ...question });
  }

  /** What the application says of the request that it got. */
  async about(path = '/about', question: Partial<Question> = {}): Promise<About> {
    return JSON.parse((await this.ask(path, question)).body);
  }

  /** A connection on which `text` has been written. */
  async wire(text: string): Promise<Wire> {
    const { at } = this.#served();
    const wire = await wireTo(at.startsWith('unix:') ? at.slice('unix:'.length) : Number(new URL(at).port));
    await new Promise<void>((written) => wire.socket.write(text, 'latin1', () => written()));
    return wire;
  }

  /** How many requests reach the application while `act` runs. */
  async callsDuring(act: () => Promise<unknown>): Promise<number> {
    const calls = async () => Number((await this.ask('/calls')).body);
    const before = await calls();
    await act();
    return (await calls()) - before - 1;
  }

  /** Runs `act`, behind which the same worker must answer as ever. */
  async survives(act: () => Promise<unknown>): Promise<void> {
    const { workers } = this;
    await act();
    expect(await this.ask('/')).toMatchObject({ status: 200, body: 'hello\n' });
    expect(this.workers).toEqual(workers);
  }

  /**
   * Sends a request once for each way to go. The log must say nothing of them, and the access log that they were their
   * clients' fault.
   */
  async isNotBlamed(request: string, ways: readonly ((wire: Wire) => void)[]): Promise<void> {
    const tag = `tag=${Math.random()}`;
    const faults = () => {
      const text = existsSync(this.#accessLog) ? readFileSync(this.#accessLog, 'utf8') : '';
      return text.split('\n').filter((line) => line.includes(tag) && /(?:400|499)$/.test(line)).length;
    };
    const from = await this.#fails();
    await this.survives(async () => {
      for (const go of ways) go(await this.wire(request.replace(' HTTP', `?${tag} HTTP`)));
    });
    await expect.poll(faults, { timeout: 10_000 }).toBe(ways.length);
    const to = await this.#fails();
    const said = this.#served().stderr.slice(from, to);
    expect(said.match(/The application failed/g)).toHaveLength(1);
  }

  /** Has the application fail; returns how long the log is then. */
  async #fails(): Promise<number> {
    const served = this.#served();
    const from = served.stderr.length;
    await this.ask('/throw');
    await served.waitForLog(/GET \/throw: thrown on purpose/, from);
    return served.stderr.length;
  }
}

/** A file that does not exist until `release` is called: `/pieces` and `/break` wait for it. */
export function latch(): { readonly query: string; release(): void } {
  const file = join(temporaryDirectory(), 'released');
  return {
    query: `until=${encodeURIComponent(file)}`,
    release: () => existsSync(file) || writeFileSync(file, ''),
  };
}

/** What stands for bytes in a comparison. */
export function hashOf(parts: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
