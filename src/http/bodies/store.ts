import type { WorkerLog } from '../../log/records.ts';
import type { Settings } from '../../settings/catalogue/catalogue.ts';
import type { Clock } from '../../support/clock.ts';
import { edgeLimitsOf } from '../edge/limits.ts';
import { BodyTrouble } from './trouble.ts';

/** What of all the bodies of a worker is kept in memory at most, beside the block of each that is being filled. */
const MEMORY_BYTES = 64 * 1024 ** 2;

export interface StoreOptions {
  /** What of all bodies together may be in memory. */
  readonly memoryBytes?: number;
  /** What of all bodies together may be in files. */
  readonly fileBytes?: number;
  readonly log: WorkerLog;
  readonly clock: Clock;
}

/** Room in bytes that bodies share. */
export class Share {
  readonly #bytes: number;
  #left: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
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

  /** Why a body is not kept where there is no room. */
  lack(): Error {
    return new Error(`the files of all bodies have the ${this.#bytes} bytes that --body-files allows`);
  }
}

/** What a worker keeps of bodies in memory and in files, and what it says where it cannot. */
export class BodyStore {
  readonly memory: Share;
  readonly files: Share;
  readonly trouble: BodyTrouble;

  constructor({ memoryBytes = MEMORY_BYTES, fileBytes = Infinity, log, clock }: StoreOptions) {
    this.memory = new Share(memoryBytes);
    this.files = new Share(fileBytes);
    this.trouble = new BodyTrouble(log, clock);
  }
}

/** How much may be in files: what is asked for, but never less than one body of the largest size. */
export function fileBytesOf(settings: Settings): number {
  if (settings.bodyFiles === 0) return Infinity;
  const { body } = edgeLimitsOf(settings);
  return Number.isFinite(body) ? Math.max(settings.bodyFiles, body) : settings.bodyFiles;
}
