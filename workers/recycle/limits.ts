import type { Settings } from '../../src/settings/catalogue/catalogue.ts';

/** The limits of one worker; Infinity where there is none. */
export interface RecycleLimits {
  readonly requests: number;
  readonly lifetimeMs: number;
  readonly memoryBytes: number;
  readonly heapBytes: number;
}

type RecycleSettings = Pick<
  Settings,
  | 'workers'
  | 'maxRequests'
  | 'maxRequestsJitter'
  | 'maxLifetime'
  | 'maxLifetimeJitter'
  | 'maxMemory'
  | 'maxHeap'
>;

/** The jitter, as a part of the limit, where none is set. */
const JITTER = 0.1;

/** The limits of one worker, which differ by jitter; `random` gives numbers in [0, 1). */
export function drawLimits(
  settings: RecycleSettings,
  random: () => number,
  availableBytes: number,
): RecycleLimits {
  const { maxRequests, maxLifetime, maxMemory, maxHeap, workers } = settings;
  const { requests, lifetime } = jittersOf(settings);
  return {
    requests: maxRequests === 0 ? Infinity : maxRequests + Math.floor(random() * (requests + 1)),
    lifetimeMs: maxLifetime === 0 ? Infinity : (maxLifetime + random() * lifetime) * 1000,
    memoryBytes: maxMemory === null ? Infinity : bytesOf(maxMemory, availableBytes / workers),
    heapBytes: maxHeap ?? Infinity,
  };
}

/** The most that is added to each limit, in its own unit. */
export function jittersOf(
  settings: Pick<Settings, 'maxRequests' | 'maxRequestsJitter' | 'maxLifetime' | 'maxLifetimeJitter'>,
): { readonly requests: number; readonly lifetime: number } {
  const { maxRequests, maxRequestsJitter, maxLifetime, maxLifetimeJitter } = settings;
  return {
    requests: maxRequestsJitter ?? Math.round(maxRequests * JITTER),
    lifetime: maxLifetimeJitter ?? maxLifetime * JITTER,
  };
}

function bytesOf(limit: NonNullable<Settings['maxMemory']>, wholeBytes: number): number {
  return 'bytes' in limit ? limit.bytes : (wholeBytes * limit.percent) / 100;
}
