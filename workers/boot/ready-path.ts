import type { Server } from 'node:http';
import type { Application } from '../../src/app/application.ts';
import { Connections } from '../../src/http/connections.ts';
import { connectWithin } from '../../src/http/inner-connection.ts';
import { createHttpServer } from '../../src/http/server.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../../src/support/clock.ts';
import { BootError, EXIT, messageOf } from '../../src/support/errors.ts';
import { giveUpMs } from './give-up.ts';

/** The first and the longest pause between two tries; each is half as long again as the one before. */
const PAUSE_MS = [100, 1000] as const;

export interface Proof {
  readonly path: string;
  readonly application: Application;
  readonly settings: Pick<Settings, 'bootTimeout'>;
  readonly log: WorkerLog;
  /** A clock that began with this process. */
  readonly clock: Clock;
}

/**
 * Asks the application for `path`, inside this process, until it answers 2xx. Rejects with a BootError a little before
 * the boot timeout, so that the arbiter hears why.
 */
export async function proveReady({ path, application, settings, log, clock }: Proof): Promise<void> {
  const errors = new Set<string>();
  const asker = await askerOf(application, clock, (error) => {
    const message = messageOf(error);
    // An error that was logged before says nothing new.
    if (!errors.has(message))
      log.error(`The application failed at GET ${path}: ${message}`, {
        event: 'application-failed',
        reason: message,
        request: { method: 'GET', path },
        err: error,
      });
    errors.add(message);
  });
  const over = new AbortController();
  const leftMs = giveUpMs(settings.bootTimeout, clock.now());
  const cancel = clock.after(Math.min(leftMs, 2 ** 31 - 1), () => over.abort());
  try {
    await untilReady({ asker, path, log, signal: over.signal, clock }, settings.bootTimeout);
  } finally {
    cancel();
    asker.close();
  }
}

/** Asks the application inside this process. */
export interface Asker {
  /** Makes one request; resolves with `ready`, or with what the application did instead. */
  ask(path: string, signal: AbortSignal): Promise<string>;
  close(): void;
}

interface Tries {
  readonly asker: Asker;
  readonly path: string;
  readonly log: WorkerLog;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

async function untilReady({ asker, path, log, signal, clock }: Tries, seconds: number): Promise<void> {
  const [firstMs, mostMs] = PAUSE_MS;
  let heard: string | null = null;
  for (let pauseMs: number = firstMs; ; pauseMs = Math.min(pauseMs * 1.5, mostMs)) {
    const answer = await asker.ask(path, signal);
    if (answer === 'ready') return;
    if (signal.aborted)
      throw notReady(path, heard === null ? answer : `${answer}, and before ${heard}`, seconds);
    if (heard === null)
      log.info(`Waiting for GET ${path} (--ready-path), which ${answer}`, {
        event: 'ready-path-waiting',
        reason: answer,
        request: { method: 'GET', path },
      });
    heard = answer;
    if (!(await pause(pauseMs, signal, clock))) throw notReady(path, heard, seconds);
  }
}

function notReady(path: string, answer: string, seconds: number): BootError {
  return new BootError(
    `--ready-path ${path}: the application ${answer}, up to the end of the --boot-timeout of ${seconds} s; it must answer 2xx when it is ready`,
    EXIT.workerBoot,
  );
}

async function askerOf(
  application: Application,
  clock: Clock,
  onError: (error: unknown) => void,
): Promise<Asker> {
  if (application.own?.isHttp2) {
    const { askOverHttp2 } = await import('./ask-http2.ts');
    return { ask: (path, signal) => askOverHttp2(application, path, signal, onError), close: () => {} };
  }
  const server = privateServer(application, clock, onError);
  return { ask: (path, signal) => ask(server, path, signal), close: () => void server.close() };
}

/** A separate engine over the same application, which no log, hook or counter observes. */
function privateServer(whole: Application, clock: Clock, onError: (error: unknown) => void): Server {
  const connections = new Connections(() => {});
  // Without the application's own server, which can be adopted only once.
  const { own: _, ...application } = whole;
  return createHttpServer({ application, connections, observers: [], keepAliveMs: 0, onError, clock });
}

function ask(server: Server, path: string, signal: AbortSignal): Promise<string> {
  const http = process.getBuiltinModule('node:http');
  const ours = connectWithin(server, { remoteAddress: '127.0.0.1', remoteFamily: 'IPv4' });
  return new Promise((settle) => {
    const request = http.get({
      path,
      signal,
      headers: { host: 'localhost', 'user-agent': 'tsunicorn (--ready-path)', connection: 'close' },
      createConnection: () => ours,
    });
    request.on('response', (response) => {
      hasBegun = true;
      const { statusCode = 0 } = response;
      const isReady = statusCode >= 200 && statusCode < 300;
      response.on('close', () => {
        if (response.complete) settle(isReady ? 'ready' : `answered ${statusCode}`);
        else settle(signal.aborted ? 'did not end its answer' : 'cut its answer');
      });
      response.on('error', () => {});
      response.resume();
    });
    let hasBegun = false;
    // If the answer has begun, the end of the response settles it.
    request.on('error', () => hasBegun || settle(signal.aborted ? 'did not answer' : 'cut the connection'));
  });
}

/** Resolves with whether the pause was not cut short. */
function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<boolean> {
  return new Promise((settle) => {
    const end = (inFull: boolean) => {
      cancel();
      signal.removeEventListener('abort', cut);
      settle(inFull);
    };
    const cut = () => end(false);
    const cancel = clock.after(ms, () => end(true));
    signal.addEventListener('abort', cut);
  });
}
