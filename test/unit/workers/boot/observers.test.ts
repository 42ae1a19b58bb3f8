import type { ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { AccessLog } from '../../../../src/log/access-log.ts';
import type { Hooks, WorkerView } from '../../../../src/settings/hooks.ts';
import { observersFor } from '../../../../workers/boot/observers.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { get, startEngine } from '../../../support/http-engine.ts';
import { turns } from '../../../support/wire.ts';

function workerView(): WorkerView & { log: FakeLogger } {
  return { pid: 7, age: 1, slot: 0, generation: 1, log: new FakeLogger() };
}

const answer = (_request: unknown, response: ServerResponse) => response.end('done');

describe('what looks at each request', () => {
  it('is nothing where nothing was asked for', () => {
    expect(observersFor(null, {}, workerView())).toEqual([]);
    expect(observersFor(null, { workerExit: () => {} }, workerView())).toEqual([]);
  });

  it('is the counter of requests', async () => {
    const counter = vi.fn();
    const engine = await startEngine({
      observers: observersFor(null, {}, workerView(), counter),
      handler: answer,
    });
    await (await engine.send(get())).until(/done/);
    expect(counter).toHaveBeenCalledTimes(1);
  });

  it('is the access log', async () => {
    const observe = vi.fn();
    const accessLog = { observe } as unknown as AccessLog;
    const engine = await startEngine({
      observers: observersFor(accessLog, {}, workerView()),
      handler: answer,
    });
    await (await engine.send(get())).until(/done/);
    expect(observe).toHaveBeenCalledTimes(1);
  });

  it('is preRequest before the application and postRequest after the answer', async () => {
    const calls: string[] = [];
    const worker = workerView();
    const hooks: Hooks = {
      preRequest: (seen, request) => void calls.push(`pre ${seen === worker} ${request.url}`),
      postRequest: (seen, request, response) =>
        void calls.push(`post ${seen === worker} ${request.url} ${response.statusCode}`),
    };
    const engine = await startEngine({
      observers: observersFor(null, hooks, worker),
      handler: (_request, response) => {
        calls.push('application');
        response.end('done');
      },
    });
    await (await engine.send(get('/p'))).until(/done/);
    while (calls.length < 3) await turns(1);
    expect(calls).toEqual(['pre true /p', 'application', 'post true /p 200']);
  });

  it('is postRequest also where the client went away', async () => {
    const postRequest = vi.fn();
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const engine = await startEngine({
      observers: observersFor(null, { postRequest }, workerView()),
      handler: () => arrived(),
    });
    const wire = await engine.send(get());
    await arrival;
    expect(postRequest).not.toHaveBeenCalled();
    wire.socket.destroy();
    while (postRequest.mock.calls.length === 0) await turns(1);
    expect(postRequest).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'throw',
      () => {
        throw new Error('the hook is broken');
      },
    ],
    ['reject', () => Promise.reject(new Error('the hook is broken'))],
  ])('does no harm where the hooks %s', async (_how, hook) => {
    const worker = workerView();
    const observers = observersFor(null, { preRequest: hook, postRequest: hook }, worker);
    const engine = await startEngine({ observers, handler: answer });
    expect(await (await engine.send(get())).until(/done/)).toMatch(/^HTTP\/1\.1 200 /);
    while (worker.log.lines.length < 2) await turns(1);
    expect(worker.log.at('error')).toEqual([
      expect.stringContaining('preRequest'),
      expect.stringContaining('postRequest'),
    ]);
    expect(engine.errors).toEqual([]);
  });
});
