import type { IncomingMessage } from 'node:http';
import { isEncrypted } from '../support/is-encrypted.ts';
import { baseUrl, originalUrl } from '../support/mounted.ts';
import { plainAddress } from '../support/plain-address.ts';
import { tlsFacts } from '../support/tls-facts.ts';
import type { GatewayContext } from './context.ts';
import { RequestInput } from './input.ts';
import type { Environ, ErrorOutput } from './types.ts';

const VERSION = [1, 0] as const;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

/** The environ of a request; `errors` is its `wsgi.errors`. */
export function environOf(req: IncomingMessage, context: GatewayContext, errors: ErrorOutput): Environ {
  const { socket } = req;
  const isMounted = context.mountPath !== '';
  const url = isMounted ? originalUrl(req) : (req.url ?? '/');
  // RFC 9112, 3.2.2: the host in an absolute target counts, not the Host header.
  const [prefix = '', authority] = url[0] === '/' ? [] : (ABSOLUTE.exec(url) ?? []);
  const [path, query] = split(url.slice(prefix.length) || '/');
  const isSecure = isEncrypted(socket);
  const host = authority ?? req.headers.host ?? '';
  const [name, port] = serverOf(req, host, isSecure);
  const environ: Record<string, unknown> = {
    REQUEST_METHOD: req.method ?? 'GET',
    SCRIPT_NAME: context.rootPath,
    PATH_INFO: isMounted ? decode(path.slice(baseUrl(req).length)) : below(context.rootPath, decode(path)),
    QUERY_STRING: query,
    SERVER_NAME: name,
    SERVER_PORT: port,
    SERVER_PROTOCOL: `HTTP/${req.httpVersion}`,
    SERVER_SOFTWARE: 'tsunicorn',
    REMOTE_ADDR: plainAddress(socket.remoteAddress ?? ''),
    REMOTE_PORT: `${socket.remotePort ?? ''}`,
    RAW_URI: url,
    'wsgi.version': VERSION,
    'wsgi.url_scheme': isSecure ? 'https' : 'http',
    'wsgi.input': new RequestInput(req),
    'wsgi.input_terminated': true,
    'wsgi.errors': errors,
    'wsgi.multithread': context.multithread,
    'wsgi.multiprocess': context.multiprocess,
    'wsgi.run_once': false,
  };
  if (isSecure) Object.assign(environ, tlsFacts(socket));
  addHeaders(environ, req);
  if (authority !== undefined) environ.HTTP_HOST = authority;
  return environ as Environ;
}

function addHeaders(environ: Record<string, unknown>, { headers }: IncomingMessage): void {
  for (const name in headers) {
    const value = headers[name];
    // In the environ X_Forwarded_For could not be told from X-Forwarded-For, which a proxy has checked.
    if (value === undefined || name.includes('_')) continue;
    const key = name.toUpperCase().replaceAll('-', '_');
    const isContent = key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH';
    environ[isContent ? key : `HTTP_${key}`] = typeof value === 'string' ? value : value.join(', ');
  }
}

function split(target: string): readonly [path: string, query: string] {
  const at = target.indexOf('?');
  if (at < 0) return [target, ''];
  return [target.slice(0, at) || '/', target.slice(at + 1)];
}

/** The path without the root path; unchanged if the proxy has removed that already. */
function below(rootPath: string, path: string): string {
  if (rootPath === '' || !path.startsWith(rootPath)) return path;
  const rest = path.slice(rootPath.length);
  return rest === '' || rest[0] === '/' ? rest : path;
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    // It is not UTF-8, or has a % that encodes nothing: the valid parts are decoded, and U+FFFD replaces the other
    // bytes.
    return path.replace(/(?:%[\da-f]{2})+/gi, (bytes) =>
      Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  }
}

// A Unix socket has no address; the name by which the client knows the server is the next best.
function serverOf({ socket }: IncomingMessage, host: string, isSecure: boolean): readonly [string, string] {
  if (socket.localAddress !== undefined) {
    const address = plainAddress(socket.localAddress);
    return [address.includes(':') ? `[${address}]` : address, `${socket.localPort}`];
  }
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return [name || 'localhost', port ?? (isSecure ? '443' : '80')];
}
