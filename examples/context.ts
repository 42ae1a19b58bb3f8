import { setTimeout as sleep } from 'node:timers/promises';
import { afterRequest, forward, g, Local, log, request, teardown } from '../src/context/context.ts';

/**
 * Contexts: code far from the handler knows the request that it runs for. In a project, import from 'tsunicorn/context'.
 * `tsunicorn examples/context.ts`
 */
export default async function app(asked: Request): Promise<Response> {
  afterRequest((response) => void response.setHeader('x-request-id', request.id));
  const { pathname } = new URL(asked.url);
  if (pathname === '/again') return forward('/');
  return new Response(await greeting());
}

const started = new Local(() => performance.now());

async function greeting(): Promise<string> {
  started.value;
  const { words } = await connection();
  log.info('greets', { tookMs: performance.now() - started.value });
  return `${words} at ${request.originalUrl}\n`;
}

interface Connection {
  readonly words: string;
  release(): void;
}

declare module '../src/context/context.ts' {
  interface Globals {
    connection?: Connection;
  }
}

/** One for each request, made when it is first needed, and released however the request ends. */
async function connection(): Promise<Connection> {
  if (g.connection) return g.connection;
  await sleep(1);
  const made = { words: 'Hello', release: () => log.info('released') };
  g.connection = made;
  teardown(() => made.release());
  return made;
}
