import type { RecordLog } from '../log/records.ts';
import type { TlsChange, TlsSpec } from '../process/ipc/tls.ts';
import type { LoadedData } from '../settings/load.ts';
import { type Clock, every } from '../support/clock.ts';
import { messageOf } from '../support/errors.ts';
import { type CertificateFacts, timeLeft } from './certificate.ts';
import { FileWatch } from './file-watch.ts';
import { type ReadMaterial, readMaterial, tlsFiles } from './material.ts';
import type { TicketKeys } from './ticket-keys.ts';

/** What wakes the certificates of a generation, and whom they tell. */
export interface Serving {
  /** Sends it to the workers of this generation, or to all of them. */
  readonly send: (change: TlsChange, to: 'generation' | 'all') => void;
  readonly log: RecordLog;
  readonly clock: Clock;
  /** Date.now(). */
  readonly wallMs: () => number;
}

export interface CertificatesOptions {
  readonly loaded: Pick<LoadedData, 'settings' | 'origins'>;
  readonly read: ReadMaterial;
  /** Whether clients speak TLS at each of the listeners, in their order; null where they do at all of them. */
  readonly at: readonly boolean[] | null;
  readonly ticketKeys: TicketKeys;
}

/** The files of a certificate and its key are seldom replaced at once. */
const SETTLE_MS = 200;
/** While they do not fit together they are read again at this interval, and after so long that is an error. */
const RETRY_MS = 1000;
const PATIENCE_MS = 10_000;
/** How often it is looked whether the keys of tickets are to be changed, and what is left to the certificates. */
const ROUND_MS = 60_000;
const DAY_MS = 86_400_000;

/** The certificates of one generation. While it serves, they follow their files. */
export class Certificates {
  readonly ticketKeys: TicketKeys;
  readonly #loaded: CertificatesOptions['loaded'];
  readonly #at: CertificatesOptions['at'];
  #read: ReadMaterial;
  #stop: () => void = () => {};

  constructor({ loaded, read, at, ticketKeys }: CertificatesOptions) {
    this.#loaded = loaded;
    this.#read = read;
    this.#at = at;
    this.ticketKeys = ticketKeys;
  }

  /** What a worker gets that is started now. */
  get spec(): TlsSpec {
    const { material } = this.#read;
    return { isEverywhere: this.isEverywhere, material, ticketKeys: this.ticketKeys.text };
  }

  get facts(): readonly CertificateFacts[] {
    return this.#read.facts;
  }

  /** Whether clients speak TLS at every listener. */
  get isEverywhere(): boolean {
    return this.#at === null;
  }

  /** Whether clients speak TLS at the listener with this index, and perhaps not at others. */
  isAt(index: number): boolean {
    return this.#at?.[index] === true;
  }

  /** The generation serves from now on, until end(). */
  begin(serving: Serving): void {
    const { log, clock, wallMs } = serving;
    this.end();
    for (const facts of this.facts) say(facts, log, wallMs());
    const renewal = new Renewal(clock, (isLast) => this.#renew(serving, isLast));
    const watch = new FileWatch(tlsFiles(this.#loaded), clock, () => renewal.begin());
    // They may have changed since they were read.
    renewal.begin();
    let warnedMs = wallMs();
    const stopRounds = every(clock, ROUND_MS, () => {
      if (this.ticketKeys.rotate(wallMs()))
        serving.send({ tsunicorn: 'ticketKeys', ticketKeys: this.ticketKeys.text }, 'all');
      if (wallMs() - warnedMs < DAY_MS) return;
      warnedMs = wallMs();
      for (const facts of this.facts) warnOfEnd(facts, log, warnedMs);
    });
    this.#stop = () => {
      renewal.cancel();
      watch.close();
      stopRounds();
    };
  }

  /** It serves no more. */
  end(): void {
    this.#stop();
    this.#stop = () => {};
  }

  /** Returns whether what the files hold is served. */
  #renew({ send, log, wallMs }: Serving, isLast: boolean): boolean {
    const before = this.#read;
    try {
      const read = readMaterial(this.#loaded, wallMs());
      if (isSame(read.material, before.material)) return true;
      this.#read = read;
    } catch (error) {
      const reason = messageOf(error);
      if (isLast)
        log.error(`The changed certificates are not used, the ones before serve on: ${reason}`, {
          event: 'certificates-refused',
          reason,
        });
      return false;
    }
    const { material, facts } = this.#read;
    send({ tsunicorn: 'certificates', material }, 'generation');
    const changed = facts.filter((_, index) => {
      const [now, then] = [material, before.material].map(({ certificates }) => certificates[index]);
      return !isSame(now, then);
    });
    log.info('The certificates have changed: all workers get the new ones, for new connections', {
      event: 'certificates-renewed',
      // Else it is what they accept from clients.
      files: changed.length > 0 ? changed.map(({ file }) => file) : tlsFiles(this.#loaded),
    });
    for (const one of changed) say(one, log, wallMs());
    return true;
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Tries to read changed files, for as long as they may be half replaced. */
class Renewal {
  readonly #clock: Clock;
  readonly #attempt: (isLast: boolean) => boolean;
  #cancel: (() => void) | null = null;
  #untilMs = 0;

  /** `attempt` returns whether it is done; after the last one nothing follows until the files change again. */
  constructor(clock: Clock, attempt: (isLast: boolean) => boolean) {
    this.#clock = clock;
    this.#attempt = attempt;
  }

  begin(): void {
    this.cancel();
    this.#untilMs = this.#clock.now() + PATIENCE_MS;
    this.#arm(SETTLE_MS);
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = null;
      const isLast = this.#clock.now() >= this.#untilMs;
      if (!this.#attempt(isLast) && !isLast) this.#arm(RETRY_MS);
    });
  }
}

function say(facts: CertificateFacts, log: RecordLog, nowMs: number): void {
  const { file, names, remark } = facts;
  const { isSoon, daysLeft, until } = timeLeft(facts, nowMs);
  const line = `Certificate of ${namesText(names)} (${file}): valid until ${until}, ${daysLeft} days`;
  const fields = { event: 'certificate', file, daysLeft } as const;
  if (remark !== null) log.warning(`${line}; ${remark}`, { ...fields, reason: remark });
  else if (isSoon) log.warning(`${line} only; renew it`, { ...fields, reason: 'it ends soon' });
  else log.info(line, fields);
}

/** Once a day. */
function warnOfEnd(facts: CertificateFacts, log: RecordLog, nowMs: number): void {
  const { file, names } = facts;
  const { isSoon, daysLeft, until } = timeLeft(facts, nowMs);
  if (!isSoon) return;
  const fields = { event: 'certificate-ends', file, daysLeft } as const;
  const whose = `Certificate of ${namesText(names)} (${file})`;
  if (facts.untilMs <= nowMs)
    log.error(`${whose} has expired on ${until}: clients refuse it; renew it`, fields);
  else log.warning(`${whose} ends in ${daysLeft} days, on ${until}; renew it`, fields);
}

/** A certificate may have a hundred. */
function namesText(names: readonly string[]): string {
  const [first = 'no name', ...others] = names;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
