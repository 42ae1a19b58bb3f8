import { isIP } from 'node:net';
import { plainAddress } from '../../support/plain-address.ts';

/** One end of a connection, as a proxy names it; the address is `''` where it is hidden, or none. */
export interface Node {
  readonly address: string;
  readonly port: number | null;
}

/** What one proxy says in `Forwarded`; what it does not say is null. */
export interface Hop {
  readonly for: string | null;
  readonly proto: string | null;
  readonly host: string | null;
}

const UNKNOWN: Node = { address: '', port: null };

/** `10.0.0.1`, `10.0.0.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`; a port may be hidden too (RFC 7239, 6.3). */
const NODE = /^(?:\[([\da-fA-F:.]+)\]|([\d.]+))(?::(\d{1,5}|_[\w.-]+))?$/;

/** Reads a node of RFC 7239, 6, or an entry of X-Forwarded-For, where IPv6 has no brackets. */
export function nodeOf(text: string): Node {
  const [, v6, v4, port = ''] = NODE.exec(text) ?? [];
  const address = v6 ?? v4 ?? text;
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || (v6 !== undefined && family !== 6)) return UNKNOWN;
  return { address: plainAddress(address.toLowerCase()), port: port === '' ? null : portOf(port) };
}

/** A port that something may listen at; null for anything else. */
export function portOf(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : null;
}

/** A token or a quoted string (RFC 9110, 5.6), with what separates it from the one before. */
const PAIR =
  /[ \t]*([;,]?)[ \t]*(?:([!#$%&'*+.^`|~\w-]+)=(?:([!#$%&'*+.^`|~\w:[\]-]+)|"((?:[^"\\]|\\.)*)"))?/y;

/**
 * Reads the value of `Forwarded` (RFC 7239, 4), the oldest hop first; null where it is not valid. A node with a port or in
 * brackets need not be quoted, as many proxies do not.
 */
export function hopsOf(value: string): readonly Hop[] | null {
  const hops: Map<string, string>[] = [];
  let isOpen = false;
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < value.length) {
    const at = PAIR.lastIndex;
    const match = PAIR.exec(value);
    if (match === null || PAIR.lastIndex === at) return null;
    const [, separator, name, token, quoted = ''] = match;
    if (separator === ',') isOpen = false;
    if (name === undefined) continue;
    // Two pairs must be told apart.
    if (isOpen && separator === '') return null;
    if (!isOpen) hops.push(new Map());
    isOpen = true;
    const hop = hops.at(-1);
    const key = name.toLowerCase();
    // Each may be there once.
    if (hop?.has(key)) return null;
    hop?.set(key, token ?? quoted.replace(/\\(.)/g, '$1'));
  }
  return hops.map(hopOf);
}

function hopOf(pairs: ReadonlyMap<string, string>): Hop {
  return {
    for: pairs.get('for') ?? null,
    proto: pairs.get('proto') ?? null,
    host: pairs.get('host') ?? null,
  };
}
