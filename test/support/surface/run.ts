import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, CLOSE, type Client } from '../../fixtures/surface/case.ts';
import { deadlineMs } from '../patience.ts';

const LAST = [/^res\d? close/, /^req\d? close/, /^socket close/];

/** Takes what the fixture tells, over a socket of its own: no request, answer or log stands between. */
export class Reports {
  readonly path: string;
  readonly #server: Server;
  readonly #lines = new Map<string, string[]>();
  readonly #watchers = new Set<() => void>();
  readonly #directory: string;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
    this.path = join(this.#directory, 'reports.sock');
    this.#server = net.createServer((socket) => this.#listen(socket)).listen(this.path);
  }

  of(run: string): string[] {
    const lines = this.#lines.get(run) ?? [];
    this.#lines.set(run, lines);
    return lines;
  }

  /** Resolves with whether `look` held within so many milliseconds. */
  until(look: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (held: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve(held);
      };
      const watch = () => look() && finish(true);
      const timer = setTimeout(() => finish(false), limitMs);
      this.#watchers.add(watch);
      watch();
    });
  }

  close(): void {
    this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #listen(socket: Socket): void {
    let rest = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [run, what] = JSON.parse(line) as [string, string];
        this.of(run).push(what);
      }
      for (const watch of this.#watchers) watch();
    });
    socket.on('error', () => {});
  }
}

/** What a server told and sent of one case, without what differs from run to run. */
export async function transcribe(
  reports: Reports,
  port: number,
  on: string,
  title: string,
  one: Case,
): Promise<string[]> {
  const lines = reports.of(`${on} ${title}`);
  lines.length = 0;
  const client = new Wire(reports, lines, port, `/${encodeURIComponent(title)}/`, on);
  await client.connected;
  await within((one.client ?? plainly)(client), `${on}: ${title}`, () => [...lines, client.text]);
  const missing = () => (one.last ?? LAST).filter((last) => !lines.some((line) => last.test(line)));
  const isWhole = await reports.until(() => missing().length === 0, deadlineMs() / 40);
  await settle(reports, port, on);
  client.leave();
  return [
    ...lines.map((line) => shorten(line.replaceAll(`on=${on}`, 'on='))),
    ...(isWhole ? [] : missing().map((last) => `never: ${last}`)),
    ...wordsOf(client.text).map((line) => `> ${line}`),
  ];
}

/** What was sent, a line a line; of much, in whatever parts that came, how much. */
function wordsOf(text: string): readonly string[] {
  const timeless = text.replace(/^Date: .*\r\n/gm, '');
  const [head = '', ...rest] = timeless.split('\r\n\r\n');
  if (text.length > 65_536)
    return [...wordsOf(head), `${rest.join('').match(/[^\da-f\r\n]/g)?.length} bytes`];
  return timeless.replaceAll('\r\n', '\\r\\n\n').split('\n').map(shorten);
}

async function plainly(client: Client): Promise<void> {
  client.ask({ headers: CLOSE });
  await client.ended;
}

/** A request that comes behind all others: what they tell a little late is told by then. */
async function settle(reports: Reports, port: number, on: string): Promise<void> {
  const lines = reports.of(`${on} settled`);
  const before = lines.length;
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  socket.resume().write(`GET /settled?on=${on} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await reports.until(() => lines.length > before, deadlineMs());
  socket.destroy();
}

function shorten(line: string): string {
  return line.replace(/(.)\1{60,}/g, (all, character) => `${character}*${all.length}`);
}

async function within(work: Promise<unknown>, what: string, seen: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} goes on: ${JSON.stringify(seen(), null, 1)}`)),
      deadlineMs() / 4,
    );
  });
  await Promise.race([work, overdue]).finally(() => clearTimeout(timer));
}

class Wire implements Client {
  text = '';
  readonly connected: Promise<unknown>;
  readonly ended: Promise<unknown>;
  readonly #socket: Socket;
  readonly #reports: Reports;
  readonly #lines: readonly string[];
  readonly #path: string;
  readonly #on: string;
  readonly #port: number;

  constructor(reports: Reports, lines: readonly string[], port: number, path: string, on: string) {
    this.#reports = reports;
    this.#lines = lines;
    this.#path = path;
    this.#on = on;
    this.#port = port;
    this.#socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: false });
    this.connected = new Promise((resolve) => this.#socket.once('connect', resolve));
    this.ended = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.on('error', () => {});
    this.#socket.setEncoding('latin1').on('data', (text) => {
      this.text += text;
    });
  }

  ask({ method = 'GET', headers = '', body = '', end = '', version = '1.1' } = {}): void {
    this.send(
      `${method} ${this.#path}${end}?on=${this.#on} HTTP/${version}\r\nHost: x\r\n${headers}\r\n${body}`,
    );
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) {
      const more = new Promise((resolve) => this.#socket.once('data', resolve));
      const over = await Promise.race([more.then(() => false), this.ended.then(() => true)]);
      if (over && !pattern.test(this.text)) return;
    }
  }

  told(pattern: RegExp): Promise<unknown> {
    return this.#reports.until(() => this.#lines.some((line) => pattern.test(line)), deadlineMs() / 12);
  }

  get path(): string {
    return `${this.#path}?on=${this.#on}`;
  }

  beside(): Promise<unknown> {
    const socket = net.connect(this.#port, '127.0.0.1').on('error', () => {});
    socket.resume().write('GET /beside HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return new Promise((resolve) => socket.once('close', resolve));
  }

  half(): void {
    this.#socket.end();
  }

  leave(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
