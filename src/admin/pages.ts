import type { IncomingMessage } from 'node:http';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { CONTENT_TYPES, formatFor } from './exposition.ts';
import { hasToken, isForeignHost } from './guard.ts';
import type { Health } from './health.ts';

/** An answer of the arbiter itself. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the pages show; each is made when it is asked for. */
export interface PageSources {
  readonly livez: () => Health;
  readonly readyz: () => Health;
  readonly metrics: (format: ReturnType<typeof formatFor>) => Promise<string>;
  readonly status: () => Promise<object>;
  readonly settings: () => Pick<Settings, 'adminToken'>;
}

/** Where a request came from. */
export interface Entrance {
  /** Whether only processes of this machine can connect. */
  readonly isLocal: boolean;
  /** Whether it has host names at all, as a Unix socket has none. */
  readonly isTcp: boolean;
}

type Page = (request: IncomingMessage) => Answer | Promise<Answer>;

/** Answers requests for the arbiter's own pages. */
export class Pages {
  readonly #sources: PageSources;
  /** What a load balancer or a scraper asks for from elsewhere, and is told without a token. */
  readonly #open: ReadonlyMap<string, Page>;
  readonly #guarded: ReadonlyMap<string, Page>;

  constructor(sources: PageSources) {
    this.#sources = sources;
    this.#open = new Map<string, Page>([
      ['/livez', () => ofHealth(sources.livez())],
      ['/readyz', () => ofHealth(sources.readyz())],
      ['/metrics', ({ headers }) => this.#metrics(headers.accept ?? '')],
    ]);
    this.#guarded = new Map<string, Page>([['/status.json', async () => json(200, await sources.status())]]);
  }

  answer(request: IncomingMessage, { isLocal, isTcp }: Entrance): Answer | Promise<Answer> {
    const { method = '', url = '', headers } = request;
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
    if (isForeignHost(headers.host ?? '', { isLocal, isTcp }))
      return plain(403, 'the Host header names another host; ask by an IP address or localhost');
    const path = url.split('?', 1)[0] ?? '';
    const open = this.#open.get(path);
    if (open) return open(request);
    const guarded = this.#guarded.get(path);
    if (guarded === undefined)
      return plain(404, `the pages are ${[...this.#open.keys(), ...this.#guarded.keys()].join(', ')}`);
    const { adminToken } = this.#sources.settings();
    if (adminToken === null)
      return isLocal
        ? guarded(request)
        : plain(403, 'beyond the loopback interface this page needs --admin-token');
    if (hasToken(headers.authorization ?? '', adminToken)) return guarded(request);
    return plain(401, 'this page needs the token of --admin-token', { 'WWW-Authenticate': 'Bearer' });
  }

  /** Whether a page is told to everybody, whatever token they send. */
  isOpen(path: string): boolean {
    return this.#open.has(path);
  }

  async #metrics(accept: string): Promise<Answer> {
    const format = formatFor(accept);
    return { status: 200, type: CONTENT_TYPES[format], body: await this.#sources.metrics(format) };
  }
}

function ofHealth({ isFine, body }: Health): Answer {
  return json(isFine ? 200 : 503, body);
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

/** An answer for people. */
export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n`, headers };
}
