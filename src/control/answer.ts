import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RecordLog } from '../log/records.ts';
import { messageOf } from '../support/errors.ts';
import type { Controlled } from './controlled.ts';
import { type Asked, type Lines, Refusal, SCHEMA } from './route.ts';
import { routes } from './routes.ts';

/** What a client that does not read may make us keep. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** Answers one request at the control socket. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  service: Controlled,
  log: RecordLog,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  // A client that has gone is told nothing.
  response.on('error', () => {});
  try {
    const { route, params, query } = find(request);
    if (route.method === 'POST') log.info(...commandLine(request));
    const stream = () => linesOf(request, response);
    // The client waits for us.
    const patienceMs = request.socket.timeout ?? 0;
    request.socket.setTimeout(0);
    const body = await route.handle({ params, query, signal: left.signal, log, stream }, service);
    request.socket.setTimeout(patienceMs);
    finish(request, response, 200, body);
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 500;
    finish(request, response, status, { error: messageOf(error) });
  }
}

function commandLine({ url = '' }: IncomingMessage) {
  const command = url.replace(/^\/v\d+\//, '').slice(0, 200);
  return [`Control: ${command}`, { event: 'control', command }] as const;
}

/** The route of a request. Throws a Refusal. */
function find({ method = '', url = '' }: IncomingMessage) {
  const { pathname, searchParams: query } = parse(url);
  const found = routes.flatMap((route) => {
    const params = match(route.path, pathname);
    return params === null ? [] : [{ route, params, query }];
  });
  const wanted = method === 'HEAD' ? 'GET' : method;
  const exact = found.find(({ route }) => route.method === wanted);
  if (exact !== undefined) return exact;
  if (found.length > 0) throw new Refusal(400, `${pathname} is asked for with ${found[0]?.route.method}`);
  throw new Refusal(
    404,
    `there is no ${pathname} here; this is tsunicorn's control socket, version ${SCHEMA}`,
  );
}

function parse(url: string): URL {
  try {
    return new URL(url, 'http://control');
  } catch {
    throw new Refusal(400, 'the path cannot be read');
  }
}

function match(path: string, asked: string): Asked['params'] | null {
  const [parts, given] = [path, asked].map((one) => one.split('/'));
  if (parts === undefined || given === undefined || parts.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const word = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decode(word);
    else if (part !== word) return null;
  }
  return params;
}

function decode(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';
const LINES_TYPE = 'application/x-ndjson; charset=utf-8';

/** The answer of a stream ends with its last line. */
function finish(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify({ schema: SCHEMA, ...body })}\n`;
  if (response.headersSent) return void response.end(text);
  // What the client sends behind its head is not waited for.
  if (request.method === 'POST') response.shouldKeepAlive = false;
  response.writeHead(status, {
    'Content-Type': JSON_TYPE,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? '' : text);
}

function linesOf(request: IncomingMessage, response: ServerResponse): Lines {
  // It may be silent for as long as nothing happens.
  request.socket.setTimeout(0);
  response.shouldKeepAlive = false;
  response.writeHead(200, { 'Content-Type': LINES_TYPE, 'Cache-Control': 'no-store' });
  response.flushHeaders();
  return {
    send(line) {
      if (response.writableLength > MOST_UNREAD_BYTES) return false;
      response.write(`${JSON.stringify(line)}\n`);
      return true;
    },
  };
}
