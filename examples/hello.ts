import type { IncomingMessage, ServerResponse } from 'node:http';

/** The smallest application: a Node listener. `tsunicorn examples/hello.ts:app` */
export function app(_req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end('Hello from tsunicorn\n');
}
