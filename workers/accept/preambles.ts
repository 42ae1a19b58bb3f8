import type { Socket } from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { appError } from '../../src/app/failure.ts';
import type { Connections } from '../../src/http/connections.ts';
import { FAULTS, type Fault } from '../../src/http/edge/fault.ts';
import type { Admit, ReadPreamble } from '../../src/http/edge/preamble.ts';
import { lingerOn, markRefused } from '../../src/http/edge/refused.ts';
import type { RequestCount } from '../../src/http/observer.ts';
import { type SayRefused, statusText } from '../../src/http/refusals.ts';
import type { AccessLog } from '../../src/log/access-log.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { servedName } from '../../src/settings/mounts.ts';
import type { Clock } from '../../src/support/clock.ts';
import { isUnixSocket } from '../../src/support/is-unix-socket.ts';
import { clientOn } from '../../src/support/origin.ts';
import { TrustedPeers } from '../../src/support/trusted-peers.ts';

export interface PreamblesOptions {
  readonly settings: Settings;
  readonly onRefused: SayRefused;
  readonly count: Pick<RequestCount, 'refused'> | null;
  readonly accessLog: Pick<AccessLog, 'answeredPast'> | null;
  readonly application: Pick<Application, 'own' | 'what'>;
  readonly connections: Connections;
  readonly clock: Clock;
}

/**
 * Reads what stands before HTTP, or TLS, on accepted connections, and lets them in. Where nothing does, nothing of it is
 * loaded.
 */
export async function preambles(options: PreamblesOptions): Promise<Admit> {
  const { settings, application, connections, clock } = options;
  const readers = await readersOf(settings);
  if (settings.protocol === 'uwsgi' && application.own?.isTls)
    throw appError(
      `${servedName(settings)}: it ends TLS itself (${application.what}), and --protocol uwsgi is not spoken over TLS; leave that away, or serve an http.Server`,
    );
  if (readers.length === 0) return (_socket, enter) => enter();
  const { admitBy } = await import('../../src/http/edge/preamble.ts');
  const common = {
    passed: (socket: Socket, bytes: number) => connections.skip(socket, bytes),
    slow: FAULTS.slowStart,
    limitMs: settings.headerTimeout * 1000,
    refuse: refuser(options),
    clock,
  };
  return readers
    .map((readerOf) => admitBy({ ...common, readerOf }))
    .reduce((first, next) => (socket, enter) => first(socket, () => next(socket, enter)));
}

/** In the order in which they stand on a connection. */
async function readersOf(settings: Settings): Promise<readonly ((socket: Socket) => ReadPreamble)[]> {
  const { proxyProtocol, proxyAllowFrom, protocol, uwsgiAllowFrom } = settings;
  const readers = [];
  if (proxyProtocol !== 'off') {
    const { proxyReader } = await import('../../src/http/edge/proxy-protocol.ts');
    readers.push(proxyReader(proxyProtocol, new TrustedPeers(proxyAllowFrom)));
  }
  if (protocol === 'uwsgi') {
    const { uwsgiReader } = await import('../../src/http/edge/uwsgi.ts');
    readers.push(uwsgiReader(new TrustedPeers(uwsgiAllowFrom)));
  }
  return readers;
}

function refuser({ onRefused, count, accessLog, connections, clock }: PreamblesOptions) {
  return (socket: Socket, { status, code, text }: Fault): void => {
    // It has asked for nothing, as some health checks do.
    if (connections.isSilent(socket)) return void socket.destroy();
    const client = clientOn(socket) || null;
    const name = client ?? (isUnixSocket(socket) ? 'a Unix socket' : 'an unknown client');
    count?.refused(code);
    onRefused(`Refused a connection of ${name} with ${statusText(status)}: ${text}`, {
      reason: text,
      error: code,
      client,
    });
    accessLog?.answeredPast(status, null, socket);
    markRefused(socket);
    // To a client of TLS that would be no answer.
    if (connections.beginsWithTls(socket)) return void socket.destroy();
    socket.write(`HTTP/1.1 ${statusText(status)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    lingerOn(socket, clock);
  };
}
