import type { IncomingMessage } from 'node:http';
import { isEncrypted } from '../support/is-encrypted.ts';
import { baseUrl, originalUrl } from '../support/mounted.ts';
import { clientOf, clientPortOf, hostOf, prefixOf, schemeOf, toldOrigin } from '../support/origin.ts';
import { plainAddress } from '../support/plain-address.ts';
import { tlsFacts } from '../support/tls-facts.ts';
import { isTrustedPeer } from '../support/trusted-peers.ts';
import type { GatewayContext } from './context.ts';
import { RequestInput } from './input.ts';
import type { Environ, ErrorOutput } from './types.ts';

const VERSION = [1, 0] as const;
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i;

/** The environ of a request; `errors` is its `wsgi.errors`. */
export function environOf(req: IncomingMessage, context: GatewayContext, errors: ErrorOutput): Environ {
  const isMounted = context.mountPath !== '';
  const url = isMounted ? originalUrl(req) : (req.url ?? '/');
  // RFC 9112, 3.2.2: the host in an absolute target counts, not the Host header.
  const [before = '', authority] = url[0] === '/' ? [] : (ABSOLUTE.exec(url) ?? []);
  const [path, query] = split(url.slice(before.length) || '/');
  const scheme = schemeOf(req);
  const host = hostOf(req);
  const [name, port] = serverOf(req, host, scheme);
  const prefix = prefixOf(req);
  const environ: Record<string, unknown> = {
    REQUEST_METHOD: req.method ?? 'GET',
    // What a proxy has taken away stands in place of --root-path.
    SCRIPT_NAME: prefix === null ? context.rootPath : prefix + context.mountPath,
    PATH_INFO: isMounted
      ? decode(path.slice(baseUrl(req).length))
      : below(prefix ?? context.rootPath, decode(path)),
    QUERY_STRING: query,
    SERVER_NAME: name,
    SERVER_PORT: port,
    SERVER_PROTOCOL: `HTTP/${req.httpVersion}`,
    SERVER_SOFTWARE: 'tsunicorn',
    REMOTE_ADDR: clientOf(req),
    REMOTE_PORT: `${clientPortOf(req) ?? ''}`,
    RAW_URI: url,
    'wsgi.version': VERSION,
    'wsgi.url_scheme': scheme,
    'wsgi.input': new RequestInput(req),
    'wsgi.input_terminated': true,
    'wsgi.errors': errors,
    'wsgi.multithread': context.multithread,
    'wsgi.multiprocess': context.multiprocess,
    'wsgi.run_once': false,
  };
  if (isEncrypted(req.socket)) Object.assign(environ, tlsFacts(req.socket));
  addHeaders(environ, req, context);
  if (authority !== undefined || toldOrigin(req) !== null) environ.HTTP_HOST = host;
  return environ as Environ;
}

/** What a proxy may give as a header of that very name: --forwarder-headers. */
const VARIABLES: ReadonlySet<string> = new Set(['SCRIPT_NAME', 'PATH_INFO', 'REMOTE_USER']);

function addHeaders(environ: Record<string, unknown>, req: IncomingMessage, context: GatewayContext): void {
  const { headers } = req;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : value.join(', ');
    const key = name.toUpperCase().replaceAll('-', '_');
    if (name.includes('_')) {
      const isBelieved = context.forwarder.includes(name) && isTrustedPeer(req);
      if (isBelieved && VARIABLES.has(key)) environ[key] = text;
      // In the environ X_Forwarded_For could not be told from X-Forwarded-For, which a proxy has checked.
      else if (isBelieved || context.takesUnderscores) environ[`HTTP_${key}`] ??= text;
      continue;
    }
    const isContent = key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH';
    environ[isContent ? key : `HTTP_${key}`] = text;
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
function serverOf(
  { socket }: IncomingMessage,
  host: string,
  scheme: 'http' | 'https',
): readonly [string, string] {
  if (socket.localAddress !== undefined) {
    const address = plainAddress(socket.localAddress);
    return [address.includes(':') ? `[${address}]` : address, `${socket.localPort}`];
  }
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return [name || 'localhost', port ?? (scheme === 'https' ? '443' : '80')];
}
