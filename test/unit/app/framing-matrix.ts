import { connect } from 'node:net';
import { expect } from 'vitest';
import type { Served } from './serve.ts';

/** What an answer on the wire is, byte by byte; header lines are sorted, those of Node's own left out. */
export interface OnWire {
  readonly line: string;
  readonly headers: readonly string[];
  /** Without chunks. */
  readonly content: string;
}

const OF_NODE = /^(?:date|connection|keep-alive):/i;

/** What comes back for a request, in Latin-1: a character is a byte. */
export async function onWire(served: Served, method: string, path: string, version = '1.1'): Promise<OnWire> {
  const text = await exchange(
    served,
    `${method} ${path} HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...headers] = head.split('\r\n');
  const content = rest.join('\r\n\r\n');
  const isChunked = headers.some((header) => /^transfer-encoding: chunked$/i.test(header));
  return {
    line,
    headers: headers
      .filter((header) => !OF_NODE.test(header))
      .map(small)
      .sort(),
    content: isChunked ? unchunked(content) : content,
  };
}

function unchunked(content: string): string {
  const size = Number.parseInt(content, 16);
  const from = content.indexOf('\r\n') + 2;
  if (size === 0) {
    expect(content).toBe('0\r\n\r\n');
    return '';
  }
  return content.slice(from, from + size) + unchunked(content.slice(from + size + 2));
}

function exchange({ url }: Served, bytes: string): Promise<string> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

/** One cell of the matrix. */
export interface Cell {
  readonly method: string;
  readonly status: number;
  readonly version: string;
  /** The content that a GET gets, in UTF-8; its length is known where it is `whole`. */
  readonly content: string;
  readonly isWhole: boolean;
}

/** The header of its framing that RFC 9110 (8.6) and RFC 9112 (6) want, in small letters; null for none. */
export function framingOf({ method, status, version, content, isWhole }: Cell): string | null {
  const length = `content-length: ${Buffer.byteLength(content)}`;
  if (status === 204) return null;
  if (status === 205) return 'content-length: 0';
  if (status === 304) return null;
  if (method === 'HEAD') return isWhole && content !== '' ? length : null;
  if (isWhole) return length;
  return version === '1.1' ? 'transfer-encoding: chunked' : null;
}

/** The content on the wire, where it has any, a character a byte. */
export function contentOf({ method, status, content }: Cell): string {
  if (method === 'HEAD' || status === 204 || status === 205 || status === 304) return '';
  return Buffer.from(content).toString('latin1');
}

/** The server writes the names of framing in letters of its own choice. */
function small(line: string): string {
  return line.replace(/^(?:Content-Length|Transfer-Encoding)/, (name) => name.toLowerCase());
}
