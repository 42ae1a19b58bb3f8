import type { Application } from '../../src/app/application.ts';
import type { Connections } from '../../src/http/connections.ts';
import { drain } from '../../src/http/drain/drain.ts';
import type { Capacity } from '../accept/capacity.ts';
import type { Gate } from '../accept/gate.ts';
import type { ServeOptions, Serving } from '../serving.ts';

/** What accepts the connections of an application in this process, and counts them. */
export interface Intake {
  readonly gate: Gate;
  readonly capacity: Capacity;
  readonly connections: Connections;
  /** Pauses or resumes the gate. */
  readonly update: () => void;
}

/** The reason for which a worker ends that was not told to. */
const CLOSED = 'the program has closed its server';

/** Opens the sockets once the application is proved ready. */
export async function open(
  { settings, listeners, ownDoor, clock, prove, fail, tls }: ServeOptions,
  application: Application,
  { gate, capacity, connections, update }: Intake,
): Promise<Serving> {
  const { close, own } = application;
  own?.feedBy({ connections, changed: update, closed: () => fail(CLOSED) });
  const door = ownDoor();
  door?.acceptBy((early) => gate.openPrivate(early));
  await prove(application, close);
  const doors = listeners();
  const plain = await gate.open(doors, settings.backlog);
  const isTls = (index: number) => tls !== null && (tls.isEverywhere || doors[index]?.isTls === true);
  const urls = (own?.opened(plain) ?? plain).map((url, index) => (isTls(index) ? overTls(url) : url));
  door?.close();
  return {
    urls,
    connections,
    ...(close ? { close } : {}),
    drain(how) {
      own?.feedBy({ connections, changed: () => {}, closed: () => {} });
      capacity.close();
      return drain({ ...how, gate, connections, clock, isHasty: settings.reload });
    },
  };
}

/** What clients write of a URL where TLS is ended before the server that it is of. */
function overTls(url: string): string {
  return url.replace(/^http:/, 'https:').replace(/^tcp:/, 'tls:');
}
