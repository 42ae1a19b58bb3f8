import type { AddressInfo } from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { refuseHttp2 } from '../../src/app/http2/refuse.ts';
import { addressOf } from '../../src/app/own-server.ts';
import type { ListenCall } from '../../src/app/script/listen-call.ts';
import { placeOf } from '../../src/app/script/listen-call.ts';
import type { Service } from '../../src/app/script/listens.ts';
import { loadProgram, type Program } from '../../src/app/script/load-program.ts';
import { bareContext, gatewayContext } from '../../src/gateway/context.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { BootSpec } from '../../src/process/ipc.ts';
import { parseAddress } from '../../src/settings/address.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { classNameOf } from '../../src/settings/class-name.ts';
import { servedName } from '../../src/settings/mounts.ts';
import { giveUpMs } from './give-up.ts';

/** Runs the application's module as the main module of this worker. Rejects with a BootError. */
export async function loadAsProgram(
  program: Program,
  { settings, listeners, age }: BootSpec,
  log: WorkerLog,
  onError: (error: unknown) => void,
): Promise<Application> {
  const urls = listeners.map(({ url }) => url);
  const text = program.main.nameFor(settings.app ?? '');
  const warn = (reason: string) => log.warning(reason, { event: 'program-listens', reason });
  // Each worker would say the same.
  if (age === 1) program.cluster.follow((place) => sayPrimary(place, log));
  const application = await loadProgram(program, text, {
    service: serviceAt(urls, settings, warn),
    ...limitOf(settings),
    gateway: gatewayContext(settings, log),
    onError,
  });
  program.cluster.loaded();
  const served = program.listens.served?.call ?? null;
  const reason = served === null ? null : differenceOf(text, served, urls);
  if (reason !== null && age === 1) log.info(reason, { event: 'program-port', reason });
  return application;
}

function sayPrimary(place: string, log: WorkerLog): void {
  const reason = `${place}: cluster.isPrimary is false, since tsunicorn starts the workers (--workers); what the program does as the primary is not run`;
  log.info(reason, { event: 'program-cluster', reason });
}

/** The same for a trial load, in which nothing is bound. Resolves with a description of the application. */
export async function tryAsProgram(program: Program, settings: Settings): Promise<string> {
  const urls = settings.bind.map(urlOfBind);
  process.on('uncaughtException', (error) => void endBy(error, program, settings));
  const application = await loadProgram(program, program.main.nameFor(settings.app ?? ''), {
    service: serviceAt(urls, settings, () => {}),
    ...limitOf(settings),
    gateway: bareContext,
    onError: () => {},
  });
  if (classNameOf(settings) === 'sync') refuseHttp2(application, servedName(settings), 'sync');
  return application.what;
}

/** What the main module itself throws is answered; anything else ends the process, as it would without us. */
async function endBy(error: Error, { main }: Program, { app }: Settings): Promise<void> {
  if ((await main.explain(main.nameFor(app ?? ''), error)) !== error) return;
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exit(1);
}

/** Where the program is served, which it is told by PORT. */
function serviceAt(urls: readonly string[], { listenPort }: Settings, warn: Service['warn']): Service {
  const addresses = urls.map(addressOf).filter((address) => typeof address === 'object');
  const [first] = addresses;
  if (first !== undefined) process.env.PORT = `${first.port}`;
  return {
    ports: addresses.map(({ port }) => port),
    listenPort,
    address: (call) => first ?? addressAskedFor(call),
    warn,
  };
}

/** Of a service without a TCP port: programs and frameworks expect an address of TCP all the same. */
function addressAskedFor(call: ListenCall): AddressInfo {
  const { port, host } = call.kind === 'port' ? call : { port: 0, host: null };
  const address = host?.includes(':') ? host : '127.0.0.1';
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

function limitOf({ bootTimeout }: Settings) {
  return { limitMs: giveUpMs(bootTimeout, performance.now()), limit: `${bootTimeout} s` };
}

/** One line where the program does not get what it asked for; null where it does, or did not ask for an address. */
function differenceOf(text: string, call: ListenCall, urls: readonly string[]): string | null {
  if (call.kind !== 'port' || call.port === 0) return null;
  const ports = urls.map(addressOf).map((address) => (typeof address === 'object' ? address.port : null));
  if (ports.includes(call.port)) return null;
  return `${text} asked for ${placeOf(call)}; it is served at ${urls.join(', ')} (--bind)`;
}

/** What is not an address of TCP is of no interest, and any port is as good as another. */
function urlOfBind(text: string): string {
  const address = parseAddress('--bind', text);
  if (address.kind !== 'tcp') return '';
  const { host, port } = address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port || 8000}`;
}
