import type { Socket } from 'node:net';
import type { SecureContext, Server, TLSSocket } from 'node:tls';
import type { Connections } from '../../../src/http/connections.ts';
import { lingerOn } from '../../../src/http/edge/refused.ts';
import type { RequestCount } from '../../../src/http/observer.ts';
import type { SayRefused } from '../../../src/http/refusals.ts';
import type { WorkerLog } from '../../../src/log/records.ts';
import type { TlsChange, TlsMaterial, TlsSpec } from '../../../src/process/ipc/tls.ts';
import type { Settings } from '../../../src/settings/catalogue/catalogue.ts';
import type { Clock } from '../../../src/support/clock.ts';
import { messageOf } from '../../../src/support/errors.ts';
import { innerSocket } from '../../../src/support/inner-socket.ts';
import { clientOn } from '../../../src/support/origin.ts';
import { type Contexts, makeContexts, type SslContext, useContexts } from './contexts.ts';
import { seeFirstByte } from './first-byte.ts';

export interface TlsDoorOptions {
  readonly spec: TlsSpec;
  readonly settings: Settings;
  readonly sslContext: SslContext | undefined;
  readonly log: WorkerLog;
  readonly clock: Clock;
}

/** Where the connections go that were accepted. */
export interface Behind {
  readonly connections: Connections;
  /** What is offered by ALPN, the preferred protocol first; null for what the settings say. */
  readonly protocols: readonly string[] | null;
  /** Serves a connection whose handshake is done by the protocol that was agreed on; `http/1.1` where the client named none. */
  readonly deliver: (socket: TLSSocket, protocol: string) => void;
  readonly onRefused: SayRefused;
  readonly count: RequestCount | null;
}

/** Node's default is 5 minutes; OpenSSL's own for TLS 1.3 is 2 hours, in seconds. */
const SESSION_SECONDS = 7200;
/** Node's timers cannot be longer. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** The properties of an accepted socket: what ends the wait for its handshake, and whether that took too long. */
const DONE = Symbol('handshakeDone');
const LATE = Symbol('handshakeLate');

type Waiting = Socket & { [DONE]?: () => void; [LATE]?: true };

/** Ends TLS: takes accepted connections, and hands on sockets that speak HTTP in the clear. */
export class TlsDoor {
  readonly #options: TlsDoorOptions;
  readonly isEverywhere: boolean;
  #ticketKeys: Buffer;
  #material: TlsMaterial;
  #contexts: Contexts;
  #server: Server | null = null;
  /** Whether the log has a line of it, for these contexts. */
  #hasOcspFailed = false;

  /** Throws where the hook sslContext does, or OpenSSL does not take what it returns. */
  constructor(options: TlsDoorOptions) {
    const { spec } = options;
    this.#options = options;
    this.isEverywhere = spec.isEverywhere;
    this.#ticketKeys = Buffer.from(spec.ticketKeys, 'base64');
    this.#material = spec.material;
    this.#contexts = this.#make(spec.material);
  }

  /** The arbiter has new certificates or keys. Where the hook refuses them, the ones before serve on. */
  change(change: TlsChange): void {
    if (change.tsunicorn === 'ticketKeys') {
      this.#ticketKeys = Buffer.from(change.ticketKeys, 'base64');
      this.#server?.setTicketKeys(this.#ticketKeys);
      return;
    }
    try {
      this.#contexts = this.#make(change.material);
      this.#material = change.material;
      this.#hasOcspFailed = false;
      if (this.#server) useContexts(this.#server, this.#contexts, this.#ticketKeys);
    } catch (error) {
      const reason = messageOf(error);
      this.#options.log.error(`This worker does not use the changed certificates: ${reason}`, {
        event: 'certificates-refused',
        reason,
      });
    }
  }

  /** Returns what takes accepted connections that `behind` knows. */
  open(behind: Behind): (socket: Socket) => void {
    const server = this.#createServer(behind);
    this.#server = server;
    const { clock, settings } = this.#options;
    const limitMs = settings.handshakeTimeout * 1000;
    return (socket: Waiting) => {
      behind.connections.expectTls(socket);
      // Before TLS reads from it, and after that it is not told of errors.
      socket.on('error', ignore);
      if (limitMs > 0) {
        const stop = clock.after(limitMs, () => {
          socket[LATE] = true;
          socket.destroy();
        });
        socket[DONE] = stop;
        socket.once('close', stop);
      }
      seeFirstByte(socket, (beginning) => {
        if (beginning === 'tls') return void server.emit('connection', socket);
        if (beginning === 'other') return socket.destroy();
        answerPlain(socket, behind, clock);
      });
    };
  }

  #make(material: TlsMaterial): Contexts {
    const { settings, sslContext } = this.#options;
    return makeContexts(material, settings, sslContext, {
      sessionIdContext: sessionContext(settings, material),
      sessionTimeout: SESSION_SECONDS,
    });
  }

  #createServer(behind: Behind): Server {
    const { connections, protocols, deliver, count } = behind;
    const { settings } = this.#options;
    const server = process.getBuiltinModule('node:tls').createServer({
      ...this.#contexts.fallback,
      ticketKeys: this.#ticketKeys,
      sessionTimeout: SESSION_SECONDS,
      sessionIdContext: sessionContext(settings, this.#material),
      ALPNProtocols: offered(protocols ?? settings.httpProtocols),
      SNICallback: (name, done: (error: Error | null, context?: SecureContext) => void) =>
        done(null, this.#contexts.find(name)),
      requestCert: settings.certReqs !== 'none',
      // It is looked at below, where it can be logged, and a client may have none.
      rejectUnauthorized: false,
      handshakeTimeout: settings.handshakeTimeout * 1000 || NO_LIMIT_MS,
    });
    server.on('secureConnection', (socket) => {
      const accepted: Waiting = innerSocket(socket);
      accepted[DONE]?.();
      const fault = clientFault(socket, settings);
      if (fault !== null) return refuseClient(socket, fault, behind);
      count?.handshake(socket.isSessionReused() ? 'resumed' : 'new');
      connections.secured(accepted, socket);
      deliver(socket, socket.alpnProtocol || 'http/1.1');
    });
    // Scanners and clients that have gone: Node closes the connection.
    server.on('tlsClientError', (_error, socket) => {
      const accepted: Waiting = innerSocket(socket);
      count?.handshake(accepted[LATE] ? 'timeout' : 'failed');
    });
    server.on(
      'OCSPRequest',
      (certificate, issuer, answer) => void this.#answerOcsp(certificate, issuer, answer),
    );
    return server;
  }

  async #answerOcsp(
    certificate: Buffer,
    issuer: Buffer,
    answer: (error: Error | null, response: Buffer) => void,
  ): Promise<void> {
    let response: Buffer | null = null;
    try {
      response = responseOf(await this.#contexts.ocsp(certificate, issuer));
    } catch (error) {
      // The hook's: the client goes on without the response.
      this.#ocspFailed(error);
    }
    // Null is no response, which Node's types do not say.
    answer(null, response as Buffer);
  }

  /** Each client that asks for a response would have a line. */
  #ocspFailed(error: unknown): void {
    if (this.#hasOcspFailed) return;
    this.#hasOcspFailed = true;
    this.#options.log.error(
      'The function ocspResponse of the hook sslContext failed; clients get no OCSP response',
      { event: 'hook-failed', hook: 'sslContext', err: error },
    );
  }
}

/** Node ends the process for anything else, as the hook is not TypeScript's alone. Throws a TypeError. */
function responseOf(answer: unknown): Buffer | null {
  if (answer === null || answer === undefined || Buffer.isBuffer(answer)) return answer ?? null;
  throw new TypeError(`it returned ${typeof answer}; return a Buffer (DER) or null`);
}

/** A client may be of HTTP/1.0 and say so, as curl does. */
function offered(protocols: readonly string[]): string[] {
  return protocols.includes('http/1.1') ? [...protocols, 'http/1.0'] : [...protocols];
}

/**
 * A session is resumed only where it was begun under the same rules for client certificates: its client is not asked
 * again. At most 32 characters.
 */
function sessionContext({ certReqs }: Settings, { ca, crl }: TlsMaterial): string {
  const { hash } = process.getBuiltinModule('node:crypto');
  return hash('sha256', JSON.stringify(['tsunicorn', certReqs, ca, crl])).slice(0, 32);
}

/** Why the client of a handshake that is done is not served; null where it is. */
function clientFault(socket: TLSSocket, { certReqs }: Settings): string | null {
  if (certReqs === 'none' || socket.authorized) return null;
  if (socket.getPeerX509Certificate() === undefined)
    return certReqs === 'required' ? 'it has shown no certificate (--cert-reqs required)' : null;
  return `its certificate is not accepted: ${String(socket.authorizationError)}`;
}

function refuseClient(socket: TLSSocket, text: string, { onRefused, count }: Behind): void {
  const client = clientOn(socket) || null;
  count?.refused('TLS_CLIENT');
  count?.handshake('refused');
  onRefused(`Refused a connection of ${client ?? 'a Unix socket'}: ${text}`, {
    reason: text,
    error: 'TLS_CLIENT',
    client,
  });
  socket.on('error', ignore).destroy();
}

const PLAIN_TEXT = 'Bad Request: this port speaks HTTPS; write https:// in place of http://\n';

/** Plain HTTP on a port of TLS. */
function answerPlain(socket: Socket, { onRefused, count }: Behind, clock: Clock): void {
  const client = clientOn(socket) || null;
  count?.refused('TLS_PLAIN');
  onRefused(
    `Refused a request of ${client ?? 'a Unix socket'} with 400 Bad Request: plain HTTP where TLS is spoken`,
    {
      reason: 'plain HTTP where TLS is spoken',
      error: 'TLS_PLAIN',
      client,
    },
  );
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${PLAIN_TEXT.length}\r\nConnection: close\r\n\r\n`;
  socket.write(head + PLAIN_TEXT);
  lingerOn(socket, clock);
}

function ignore(): void {}
