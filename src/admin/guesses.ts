import type { RecordLog } from '../log/records.ts';
import { plainAddress } from '../support/plain-address.ts';
import { hasToken, isBearer } from './guard.ts';

/** After so many wrong tokens of one client within a minute, the next are refused without a line in the log. */
const MOST_FAILURES = 10;
const MINUTE_MS = 60_000;
/** Of more clients at once, all the others count as one. */
const MOST_CLIENTS = 100;
const OTHERS = 'others';

/** What a request says about who sends it. */
interface Claim {
  readonly authorization: string | undefined;
  /** Null is a client of a Unix socket. */
  readonly client: string | null;
  readonly token: string;
  /** Asked only where the token is wrong. */
  readonly hasSession: () => Promise<boolean>;
}

/** The wrong tokens that clients have sent, in one way: counted for each of them. */
export class Guesses {
  readonly #log: RecordLog;
  readonly #what: string;
  readonly #now: () => number;
  /** When each client has sent a wrong one, in milliseconds. */
  readonly #failures = new Map<string, readonly number[]>();

  /** `what` is how the log begins to say it. */
  constructor(log: RecordLog, what: string, now: () => number) {
    this.#log = log;
    this.#what = what;
    this.#now = now;
  }

  /**
   * Notes a wrong token, and says whether its client has sent too many. Of the scheme Bearer alone, as others are those of
   * a proxy in front. Behind a proxy all clients have one address: nobody who may pass is locked out by who guesses there.
   */
  async refuses({ authorization = '', client, token, hasSession }: Claim): Promise<boolean> {
    if (!isBearer(authorization) || hasToken(authorization, token) || (await hasSession())) return false;
    if (this.isLocked(client)) return true;
    this.failed(client);
    return false;
  }

  /** Whether this client has sent too many; null is a client of a Unix socket. */
  isLocked(client: string | null): boolean {
    return this.#recent(this.#keyOf(client)).length >= MOST_FAILURES;
  }

  /** It has sent a wrong one. */
  failed(client: string | null): void {
    const key = this.#keyOf(client);
    this.#failures.set(key, [...this.#recent(key), this.#now()]);
    const from = client === null ? '' : ` (from ${client})`;
    this.#log.warning(`${this.#what}${from}`, { event: 'page-refused', client });
  }

  #keyOf(client: string | null): string {
    const key = client === null ? '' : networkOf(client);
    if (this.#failures.has(key) || this.#failures.size < MOST_CLIENTS) return key;
    for (const known of this.#failures.keys())
      if (this.#recent(known).length === 0) this.#failures.delete(known);
    return this.#failures.size < MOST_CLIENTS ? key : OTHERS;
  }

  #recent(key: string): readonly number[] {
    const since = this.#now() - MINUTE_MS;
    return (this.#failures.get(key) ?? []).filter((atMs) => atMs > since);
  }
}

/** An IPv4 address, or the network (/64) of an IPv6 address: one client can have all addresses of it. */
function networkOf(client: string): string {
  const [address = ''] = plainAddress(client).split('%', 1);
  if (!address.includes(':')) return address;
  const [left = [], right = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
