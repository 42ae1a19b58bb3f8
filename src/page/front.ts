import type { IncomingMessage, ServerResponse } from 'node:http';
import { Guesses } from '../admin/guesses.ts';
import type { Entrance } from '../admin/pages.ts';
import { type Asked, Refusal } from '../control/route.ts';
import { routes } from '../control/routes.ts';
import { messageOf } from '../support/errors.ts';
import { type Asset, readAsset } from './asset.ts';
import { type Access, accessOf, changeRefusal, cookieFor, isOwnOrigin, noCookie } from './gate.ts';
import { Hub } from './hub.ts';
import { isToken, tokenIn } from './login.ts';
import type { PageFront, PageOptions } from './options.ts';
import { MOST_READERS } from './readers.ts';

/** What can be done from the page: paths of the control socket by their own, with the parameter of each. */
const CHANGES: ReadonlyMap<string, { readonly route: string; readonly name: string }> = new Map([
  ['/page/reload', { route: '/v1/reload', name: '' }],
  ['/page/scale', { route: '/v1/scale', name: 'count' }],
  ['/page/restart', { route: '/v1/workers/:slot/restart', name: 'slot' }],
]);

const MINUTE_MS = 60_000;
const LOCKED = 'too many wrong tokens; try again in a minute';

type Headers = Readonly<Record<string, string>>;

/** Answers requests for the page and what it asks for. */
export class Front implements PageFront {
  readonly #options: PageOptions;
  readonly #hub: Hub;
  readonly #assets = new Map<string, Asset>();
  readonly #guesses: Guesses;

  constructor(options: PageOptions) {
    this.#options = options;
    this.#guesses = new Guesses(options.log, 'Page: a wrong token was given', () => performance.now());
    this.#hub = new Hub(options.service, options.recorder);
  }

  async answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const access = accessOf(request, entrance, this.#token);
    if (request.method === 'POST') return this.#post(path, request, response, access);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return end(request, response, 405, 'only GET, HEAD and POST', { Allow: 'GET, HEAD, POST' });
    if (access.may === 'nothing') return this.#refuse(path, request, response, access);
    switch (path) {
      case '/':
        return this.#asset(request, response, 'page.html', 200);
      case '/page/stream':
        return this.#stream(request, response, access);
      case '/page/history':
        return end(request, response, 200, this.#options.recorder.ring.encode(), {
          'Content-Type': 'application/octet-stream',
        });
      case '/page/config':
        return end(
          request,
          response,
          200,
          JSON.stringify({ settings: await this.#options.service.config() }),
          {
            'Content-Type': 'application/json; charset=utf-8',
          },
        );
      default:
        return end(request, response, 404, 'the page is /');
    }
  }

  close(): void {
    this.#hub.close();
  }

  get #token(): string | null {
    return this.#options.service.loaded().settings.adminToken;
  }

  #refuse(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    { status, why }: Access & { readonly may: 'nothing' },
  ): void {
    const isBrowser = path === '/' && (request.headers.accept ?? '').includes('text/html');
    if (isBrowser && status === 401) return this.#asset(request, response, 'login.html', 401);
    end(request, response, status, why, status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {});
  }

  #asset(
    request: IncomingMessage,
    response: ServerResponse,
    name: 'page.html' | 'login.html',
    status: number,
  ): void {
    const asset = this.#assets.get(name) ?? readAsset(name);
    this.#assets.set(name, asset);
    end(request, response, status, asset.body, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': asset.policy,
      // With no-referrer a browser would not say that the form is ours.
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
  }

  #stream(request: IncomingMessage, response: ServerResponse, access: Access): void {
    // It has left while this was loaded, and nobody would hear of it.
    if (response.destroyed) return;
    if (this.#hub.readers >= MOST_READERS)
      return end(request, response, 503, `the page is open ${MOST_READERS} times already`);
    const isBrowser = access.may === 'change' && access.session !== null;
    const actions = isBrowser ? { csrf: access.session.csrf } : null;
    response.shouldKeepAlive = false;
    // The door drops who does not read, and so do the readers of the hub.
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...COMMON });
    if (request.method === 'HEAD') return void response.end();
    this.#hub.open(response, { actions, signedIn: isBrowser });
  }

  async #post(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    access: Access,
  ): Promise<void> {
    if (path === '/page/login') return this.#login(request, response, access);
    // What the client sends behind its head is not waited for.
    response.shouldKeepAlive = false;
    if (path === '/page/logout' && isOwnOrigin(request.headers))
      return end(request, response, 303, '', { Location: '/', 'Set-Cookie': noCookie(request.headers.host) });
    const change = CHANGES.get(path);
    if (change === undefined) return end(request, response, 404, 'there is nothing to change');
    const refusal = changeRefusal(request, access);
    if (refusal !== null)
      return end(request, response, access.may === 'nothing' ? access.status : 403, refusal);
    await this.#change(change, request, response);
  }

  async #change(
    { route: path, name }: { readonly route: string; readonly name: string },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { service, log } = this.#options;
    const route = routes.find((one) => one.path === path && one.method === 'POST');
    if (route === undefined) throw new Error(`there is no route ${path}`);
    const value = new URL(request.url ?? '', 'http://page').searchParams.get(name) ?? '';
    const command = [path.split('/').at(-1), ...(name === '' ? [] : [value.slice(0, 20)])].join(' ');
    const client = request.socket.remoteAddress ?? null;
    log.info(`Page: ${command}${client === null ? '' : ` (asked for by ${client})`}`, {
      event: 'control',
      command: `page: ${command}`,
    });
    const asked: Asked = {
      params: { [name]: value },
      query: new URLSearchParams(name === '' ? {} : { [name]: value }),
      signal: AbortSignal.timeout(MINUTE_MS),
      log,
      stream: () => {
        throw new Refusal(400, 'the page does not wait');
      },
    };
    try {
      end(request, response, 200, JSON.stringify(await route.handle(asked, service)), JSON_TYPE);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      end(request, response, status, JSON.stringify({ error: messageOf(error) }), JSON_TYPE);
    }
  }

  /**
   * Whoever gives the token gets a cookie: nobody who has it is locked out by others that guess behind the same address.
   * After too many wrong ones of a client it is told so, and its guesses are not in the log any more.
   */
  async #login(request: IncomingMessage, response: ServerResponse, access: Access): Promise<void> {
    const token = this.#token;
    if (token === null || (access.may === 'nothing' && access.status === 403))
      return end(request, response, 403, access.may === 'nothing' ? access.why : 'no --admin-token is set');
    if (!isOwnOrigin(request.headers)) return end(request, response, 403, 'another site asks for it');
    // Its socket may be closed when the body is there.
    const client = request.socket.remoteAddress ?? null;
    if (isToken(await tokenIn(request), token)) {
      const cookie = cookieFor(token, request.headers.host);
      return end(request, response, 303, '', { Location: '/', 'Set-Cookie': cookie });
    }
    if (this.#guesses.isLocked(client)) return end(request, response, 429, LOCKED, { 'Retry-After': '60' });
    this.#guesses.failed(client);
    end(request, response, 303, '', { Location: '/#wrong' });
  }
}

const COMMON = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;
const JSON_TYPE: Headers = { 'Content-Type': 'application/json; charset=utf-8' };

function end(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: Buffer | string,
  headers: Headers = {},
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body === '' ? '' : `${body}\n`) : body;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': bytes.length,
    ...COMMON,
    ...headers,
  });
  response.end(method === 'HEAD' ? '' : bytes);
}
