import type { PeerMessage } from '../../process/peer.ts';

/** What an arbiter knows of itself. */
export interface OwnSide {
  /** Whether another arbiter of an upgrade lives. */
  readonly hasPeer: boolean;
  /** Whether this one would run companions. */
  readonly wants: boolean;
  /** The process groups of those that it has started and that are not known to be gone. */
  readonly groups: readonly number[];
}

/** What `look` has found: nothing, or that this arbiter owns the companions from now on. */
export type Gained = {
  /** Until when their schedules were followed (Date.now()). */
  readonly untilMs: number;
  /** What an arbiter that has died left behind, perhaps. */
  readonly orphans: readonly number[];
} | null;

interface Peer {
  readonly wants: boolean;
  readonly groups: readonly number[];
}

/** While two arbiters live, exactly one owns the companions and their schedules; this is the view of one of them. */
export class Ownership {
  readonly #tell: (message: PeerMessage) => void;
  readonly #wallMs: () => number;
  #isMine: boolean;
  #given: Gained = null;
  #peer: Peer | null = null;
  #hadPeer: boolean;
  #told = '';
  #unwantedMs = 0;
  #wanted = false;

  /** `isNew` is whether an old arbiter lives, which owns them. */
  constructor(isNew: boolean, tell: (message: PeerMessage) => void, wallMs: () => number) {
    this.#isMine = !isNew;
    this.#hadPeer = isNew;
    this.#tell = tell;
    this.#wallMs = wallMs;
  }

  get isMine(): boolean {
    return this.#isMine;
  }

  /** The other arbiter says something. */
  told(message: PeerMessage): void {
    if (message.tsunicorn === 'peerState') this.#peer = message;
    else this.#given = { untilMs: message.untilMs, orphans: [] };
  }

  /** Tells the other arbiter what has changed, and gives it the companions where that is due. */
  look({ hasPeer, wants, groups }: OwnSide): Gained {
    if (this.#wanted && !wants) this.#unwantedMs = this.#wallMs();
    this.#wanted = wants;
    const gained = this.#given ?? (this.#hadPeer && !hasPeer ? this.#peerGone() : null);
    this.#given = null;
    if (gained) this.#isMine = true;
    this.#hadPeer = hasPeer;
    if (!hasPeer) return gained;
    this.#say({ tsunicorn: 'peerState', wants, groups });
    if (this.#isMine && !wants && groups.length === 0 && this.#peer?.wants) this.#give();
    return gained;
  }

  #peerGone(): Gained {
    const orphans = this.#peer?.groups ?? [];
    const gained = this.#isMine ? null : { untilMs: this.#wallMs(), orphans };
    this.#peer = null;
    this.#told = '';
    return gained;
  }

  #give(): void {
    this.#isMine = false;
    this.#tell({ tsunicorn: 'peerGives', untilMs: this.#unwantedMs || this.#wallMs() });
  }

  #say(message: PeerMessage): void {
    const text = JSON.stringify(message);
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(message);
  }
}
