import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import type { Exchange } from './exchange.ts';

/** How long requests may take; 0 is no limit. */
export interface Limits {
  /** Without a part of a body moving. */
  readonly silentMs: number;
  /** Altogether, the wait for a thread included. */
  readonly totalMs: number;
  /** From when on a thread that is blocked is worth a warning; Infinity where none is. */
  readonly warnMs: number;
  /** How often to look; 0 where there is nothing to look for. */
  readonly everyMs: number;
}

/** What is to be done about a request: its client or its thread took too long. */
export type Verdict = 'fine' | 'client is too slow' | 'handler is too slow';

/** The limits that the settings ask for. */
export function limitsOf(settings: Pick<Settings, 'timeout' | 'requestTimeout' | 'stallWarning'>): Limits {
  const [silentMs, totalMs, stallMs] = [
    settings.timeout * 1000,
    settings.requestTimeout * 1000,
    settings.stallWarning * 1000,
  ];
  const leastMs = Math.min(silentMs || Infinity, totalMs || Infinity);
  // What is ended as soon is explained then.
  const warnMs = stallMs > 0 && stallMs < leastMs ? stallMs : Infinity;
  const everyMs = Math.min(500, Math.max(10, Math.min(leastMs / 20, warnMs / 4)));
  return { silentMs, totalMs, warnMs, everyMs: leastMs === Infinity && warnMs === Infinity ? 0 : everyMs };
}

/** Whether a request has taken longer than it may altogether: a thread that began with it now would be ended for it. */
export function isOverdue({ totalMs }: Limits, cameMs: number, nowMs: number): boolean {
  return totalMs > 0 && nowMs - cameMs > totalMs;
}

/** What is to be done about a request that a thread runs. */
export function judge(
  limits: Limits,
  exchange: Pick<Exchange, 'cameMs' | 'movedMs' | 'waitsForClient' | 'isRefused'>,
  nowMs: number,
): Verdict {
  const { silentMs } = limits;
  const isSilent = silentMs > 0 && nowMs - exchange.movedMs > silentMs;
  // From the abort on, which counts as a move, the handler has as long again to end.
  const isLate = isOverdue(limits, exchange.isRefused ? exchange.movedMs : exchange.cameMs, nowMs);
  if (!isSilent && !isLate) return 'fine';
  return exchange.waitsForClient ? 'client is too slow' : 'handler is too slow';
}

/** Whether a request has waited in the queue for as long as it might run. */
export function hasWaitedTooLong({ silentMs, totalMs }: Limits, cameMs: number, nowMs: number): boolean {
  const limitMs = totalMs > 0 ? totalMs : silentMs;
  return limitMs > 0 && nowMs - cameMs > limitMs;
}
