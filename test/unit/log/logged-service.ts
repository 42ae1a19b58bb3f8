import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { type AccessLog, createAccessLog } from '../../../src/log/access-log.ts';
import { linesOf, temporaryDirectory } from './temporary.ts';

export type Application = (req: IncomingMessage, res: ServerResponse) => unknown;

export interface Service {
  readonly log: AccessLog;
  readonly file: string;
  readonly port: number;
  /** Sends a request, and resolves with the body of its answer. */
  send(options?: RequestOptions): Promise<string>;
  /** The first `count` lines, once they are written. */
  lines(count: number): Promise<readonly string[]>;
}

export async function serve(format: string, application: Application): Promise<Service> {
  const file = join(temporaryDirectory(), 'access.log');
  const log = createAccessLog({ format, file });
  const server = createServer((req, res) => {
    log.observe(req, res);
    application(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return {
    log,
    file,
    port,
    async send(options = {}) {
      const sent = request({ port, host: '127.0.0.1', ...options }).end();
      const [answer] = await once(sent, 'response');
      return text(answer);
    },
    async lines(count) {
      await expect.poll(() => flushed(log, file)).toHaveLength(count);
      return linesOf(file);
    },
  };
}

export function flushed(log: AccessLog, file: string): readonly string[] {
  log.flush();
  return linesOf(file);
}

export async function lineFor(
  format: string,
  application: Application,
  options?: RequestOptions,
): Promise<string | undefined> {
  const service = await serve(format, application);
  await service.send(options);
  return (await service.lines(1))[0];
}
