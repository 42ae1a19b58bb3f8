import { once } from 'node:events';
import https, { Agent, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import tls from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { root, serve } from '../support/tsunicorn.ts';

const { certificate, key }: { readonly certificate: string; readonly key: string } = await import(
  join(root, 'test/fixtures/shapes/certificate.mjs')
);
const program = join(root, 'test/fixtures/programs/certified.mjs');
const portOf = ({ at }: { readonly at: string }) => Number(new URL(at).port);

async function ask(port: number, path: string, options: RequestOptions = {}): Promise<string> {
  const request = https.get({ port, path, rejectUnauthorized: false, agent: false, ...options });
  const [response] = await once(request, 'response');
  return (await response.setEncoding('utf8').toArray()).join('');
}

it('a program that speaks TLS gets the names, protocols and certificates of its clients', async () => {
  const running = await serve([program]);
  const port = portOf(running);
  expect(await ask(port, '/peer')).toBe('no certificate');
  expect(await ask(port, '/peer', { cert: certificate, key })).toBe('localhost true');
  expect(await ask(port, '/name', { servername: 'other.test' })).toBe('other.test');
  const socket = tls.connect({ port, rejectUnauthorized: false, ALPNProtocols: ['ours', 'http/1.1'] });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('ours');
});

it('a program that speaks TLS loses no request over reloads, on kept connections and on new ones', async () => {
  const running = await serve([program, '-w', '2']);
  const port = portOf(running);
  const stop = new AbortController();
  const outcomes = new Map<string, number>();
  const client = async (keepAlive: boolean) => {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!stop.signal.aborted) {
      const outcome = await ask(port, '/', { agent }).catch((error: unknown) => String(error));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    agent.destroy();
  };
  const clients = [true, true, false, false].map(client);
  for (let generation = 2; generation <= 5; generation++) {
    running.signal('SIGHUP');
    await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
    const before = outcomes.get('secure') ?? 0;
    await running.waitFor(() => (outcomes.get('secure') ?? 0) > before + 30, 'more answers');
  }
  stop.abort();
  await Promise.all(clients);
  expect([...outcomes.keys()]).toEqual(['secure']);
});
