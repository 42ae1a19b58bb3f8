import { COMPANION_VARIABLES, type CompanionMessage } from './process/companion.ts';

// This module is imported by processes that are not ours: it must load nothing of the server.

const LONGEST_INTERVAL_MS = 1000;

/** What this process is, where a tsunicorn started it. */
export interface CompanionView {
  readonly name: string;
  /** From 0 to its `count` less 1. */
  readonly index: number;
  readonly generation: number;
}

const view = readView();
const graceMs = numberIn(COMPANION_VARIABLES.gracefulTimeout) * 1000;

/** Beats for as long as the event loop runs, or by hand alone from the first time on. */
class Heartbeat {
  readonly #intervalMs: number;
  #isByHand = false;
  #beatMs = Number.NEGATIVE_INFINITY;

  constructor(timeoutMs: number) {
    this.#intervalMs = Math.min(LONGEST_INTERVAL_MS, timeoutMs / 4);
    if (this.#intervalMs === 0) return;
    this.#beat();
    setInterval(() => this.#isByHand || this.#beat(), this.#intervalMs).unref();
  }

  beatByHand(): void {
    this.#isByHand = true;
    this.#beat();
  }

  #beat(): void {
    const now = performance.now();
    if (now - this.#beatMs < this.#intervalMs / 2) return;
    this.#beatMs = now;
    send({ tsunicorn: 'companionBeat' });
  }
}

const beats = view === null ? null : new Heartbeat(numberIn(COMPANION_VARIABLES.timeout) * 1000);
const stop = new AbortController();
if (view !== null && process.connected) followArbiter();

/** What this companion is; null in a process that no tsunicorn has started as a companion. */
export function companion(): CompanionView | null {
  return view;
}

/** Tells the arbiter that this companion works. A reload replaces the next process of a companion then, and not after 5 s. */
export function ready(): void {
  send({ tsunicorn: 'companionReady' });
}

/**
 * Tells the arbiter that this companion makes progress. Without it, the arbiter is told as long as the event loop runs; from
 * the first call on it is told by these calls alone, and ends the companion where none comes within `timeout`.
 */
export function heartbeat(): void {
  beats?.beatByHand();
}

/**
 * A signal that is aborted when this companion is to end: on TERM, or when its arbiter has gone. From the first call on TERM
 * does not end the process by itself; it is killed where it has not ended within `gracefulTimeout`.
 */
export function stopping(): AbortSignal {
  if (!process.listeners('SIGTERM').includes(abort)) process.on('SIGTERM', abort);
  return stop.signal;
}

function abort(): void {
  stop.abort();
}

function followArbiter(): void {
  process.once('disconnect', leave);
  // That listener alone would keep a process alive that has nothing left to do.
  process.channel?.unref();
}

/** The arbiter has gone: this ends as on TERM, with the processes that it has started. */
function leave(): void {
  signalOwnGroup('SIGTERM');
  setTimeout(() => signalOwnGroup('SIGKILL'), graceMs).unref();
}

function signalOwnGroup(signal: NodeJS.Signals): void {
  try {
    // It leads its group, unless a shell or a package manager was started in between.
    process.kill(-process.pid, signal);
  } catch {
    process.kill(process.pid, signal);
  }
}

function send(message: CompanionMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function readView(): CompanionView | null {
  const name = process.env[COMPANION_VARIABLES.name];
  if (name === undefined || process.send === undefined) return null;
  return {
    name,
    index: numberIn(COMPANION_VARIABLES.index),
    generation: numberIn(COMPANION_VARIABLES.generation),
  };
}

function numberIn(variable: string): number {
  return Number(process.env[variable]) || 0;
}
