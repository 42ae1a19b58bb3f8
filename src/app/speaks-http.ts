import type { Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';

/** Whether it is a server of node:http, https or http2: by what those alone have, also for one of another copy of their classes. */
export function speaksHttp(server: Server): server is HttpServer {
  return 'headersTimeout' in server || isHttp2(server);
}

/** Whether it is a server of node:http2. */
export function isHttp2(server: object): boolean {
  return 'updateSettings' in server;
}
