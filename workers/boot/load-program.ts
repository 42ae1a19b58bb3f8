import type { AddressInfo } from 'node:net';
import type { Application } from '../../src/app/application.ts';
import { refuseHttp2 } from '../../src/app/http2/refuse.ts';
import { addressOf } from '../../src/app/own-server.ts';
import type { AskedAddress, AskedAddressOptions, TellListen } from '../../src/app/script/asked-address.ts';
import { told } from '../../src/app/script/claim.ts';
import type { ListenCall } from '../../src/app/script/listen-call.ts';
import { placeOf } from '../../src/app/script/listen-call.ts';
import type { Service } from '../../src/app/script/listens.ts';
import { loadProgram, type Program } from '../../src/app/script/load-program.ts';
import type { Sides } from '../../src/app/script/sides.ts';
import { bareContext, gatewayContext } from '../../src/gateway/context.ts';
import type { WorkerLog } from '../../src/log/records.ts';
import type { BootSpec, HandedListener } from '../../src/process/ipc/boot-spec.ts';
import { parseAddress } from '../../src/settings/address.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import { classNameOf } from '../../src/settings/class-name.ts';
import { servedName } from '../../src/settings/mounts.ts';
import { UsageError } from '../../src/support/errors.ts';
import { EarlyDoors } from '../accept/early-doors.ts';
import type { DoorListener } from '../accept/listener-door.ts';
import { OwnDoor } from '../accept/own-door.ts';
import { giveUpMs } from './give-up.ts';

/** What a program's module is run with. */
export interface ProgramSurroundings {
  readonly spec: BootSpec;
  readonly log: WorkerLog;
  readonly onError: (error: unknown) => void;
  readonly sides: Sides;
  readonly tell: TellListen;
}

/** A program that is served. */
export interface LoadedProgram {
  readonly application: Application;
  /** Where; usually what the worker was handed. */
  readonly listeners: readonly DoorListener[];
  /** How it reaches itself until the worker is ready. */
  readonly ownDoor: OwnDoor;
}

/** Runs the application's module as the main module of this worker. Rejects with a BootError or a UsageError. */
export async function loadAsProgram(program: Program, around: ProgramSurroundings): Promise<LoadedProgram> {
  const { spec, log, onError, sides, tell } = around;
  const { settings, listeners: handed, address, age } = spec;
  const text = program.main.nameFor(settings.app ?? '');
  const warn = (reason: string) => log.warning(reason, { event: 'program-listens', reason });
  const queue = new EarlyDoors(settings.backlog);
  const asked = address === 'asked' ? await askedAddress({ handed, tell, queue, text }) : null;
  const urls = handed.map(({ url }) => url);
  if (address === 'given') tellPort(urls);
  // Each worker would say the same.
  if (age === 1) program.cluster.follow((place) => sayPrimary(place, log));
  const service = serviceAt(urls, settings, warn);
  const queueAll = () => {
    for (const listener of handed) queue.begin(listener);
  };
  const ownDoor = new OwnDoor((target) => program.listens.isReachedBy(target));
  const application = await loadProgram(program, text, {
    service: asked
      ? { ...service, sides, ports: [], claim: (call) => asked.claim(call), address: addressAskedFor }
      : { ...service, sides, claim: (call) => told(service.address(call), queueAll) },
    ...limitOf(settings),
    gateway: gatewayContext(settings, log),
    onError,
    requests: (requested) => ownDoor.onRequest(requested),
  });
  program.cluster.loaded();
  refusePath(application, settings);
  const served = program.listens.servedCall;
  if (served === null) await asked?.useDefault(settings.bind[0] ?? '');
  const reason = served === null || asked !== null ? null : differenceOf(text, served, urls, address);
  if (reason !== null && age === 1) log.info(reason, { event: 'program-port', reason });
  const listeners = asked?.listeners ?? handed;
  if (asked !== null && settings.debug && age === 1) await warnOfDebug(listeners, log);
  for (const { fd } of handed) if (!listeners.some((one) => one.fd === fd)) queue.close(fd);
  return { application, listeners: queue.forGate(listeners), ownDoor };
}

/** The arbiter has warned of the addresses that it knew before. */
async function warnOfDebug(listeners: readonly HandedListener[], log: WorkerLog): Promise<void> {
  const { isLoopback } = await import('../../src/support/loopback.ts');
  for (const { address, port } of tcpOf(listeners.map(({ url }) => url))) {
    if (isLoopback(address)) continue;
    const reason = `--debug shows source code, and port ${port} of ${address}, where the program listens, can be reached from other machines; let it listen on 127.0.0.1, or use --bind`;
    log.warning(reason, { event: 'settings-questionable', reason });
  }
}

function refusePath({ own, what }: Application, { readyPath }: Settings): void {
  if (own?.isRaw && readyPath !== null)
    throw new UsageError(
      `--ready-path ${readyPath}: what is served does not speak HTTP (${what}); leave it away, or use --wait-ready`,
    );
}

/** Where a worker shows why the program cannot be loaded, if nothing but the program says where it is served. */
export async function listenersOfFailure(
  { listeners: handed, settings }: BootSpec,
  tell: TellListen,
): Promise<readonly DoorListener[]> {
  const queue = new EarlyDoors(settings.backlog);
  const asked = await askedAddress({ handed, tell, queue, text: settings.app ?? '' });
  await asked.useAny(settings.bind[0] ?? '');
  return asked.listeners;
}

/** Most services have an address of their own. */
async function askedAddress(options: AskedAddressOptions): Promise<AskedAddress> {
  const { AskedAddress } = await import('../../src/app/script/asked-address.ts');
  return new AskedAddress(options);
}

function sayPrimary(place: string, log: WorkerLog): void {
  const reason = `${place}: cluster.isPrimary is false, since tsunicorn starts the workers (--workers); what the program does as the primary is not run`;
  log.info(reason, { event: 'program-cluster', reason });
}

/** The same for a trial load, in which nothing is bound. Resolves with a description of the application. */
export async function tryAsProgram(program: Program, settings: Settings, asks: boolean): Promise<string> {
  const urls = asks ? [] : settings.bind.map(urlOfBind);
  tellPort(urls);
  process.on('uncaughtException', (error) => void endBy(error, program, settings));
  const application = await loadProgram(program, program.main.nameFor(settings.app ?? ''), {
    service: serviceAt(urls, settings, () => {}),
    ...limitOf(settings),
    gateway: bareContext,
    onError: () => {},
    // Nothing is served, but what it connects to is known.
    requests: (requested) => new OwnDoor((to) => program.listens.isReachedBy(to)).onRequest(requested),
  });
  if (classNameOf(settings) === 'sync') refuseHttp2(application, servedName(settings), 'sync');
  const served = program.listens.servedCall;
  return asks && served !== null ? `${application.what}, at ${placeOf(served)}` : application.what;
}

/** What the main module itself throws is answered; anything else ends the process, as it would without us. */
async function endBy(error: Error, { main }: Program, { app }: Settings): Promise<void> {
  if ((await main.explain(main.nameFor(app ?? ''), error)) !== error) return;
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exit(1);
}

function tcpOf(urls: readonly string[]): readonly AddressInfo[] {
  return urls.map(addressOf).filter((address) => typeof address === 'object');
}

/** The program finds the port at which it is served in its environment. */
function tellPort(urls: readonly string[]): void {
  const [first] = tcpOf(urls);
  if (first !== undefined) process.env.PORT = `${first.port}`;
}

/** A service that is served at these URLs. */
function serviceAt(urls: readonly string[], { listenPort }: Settings, warn: Service['warn']): Service {
  const addresses = tcpOf(urls);
  const [first] = addresses;
  const ports = addresses.map(({ port }) => port);
  const address = (call: ListenCall) => first ?? addressAskedFor(call);
  return { ports, held: ports, listenPort, address, claim: (call) => told(address(call)), sides: null, warn };
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
function differenceOf(
  text: string,
  call: ListenCall,
  urls: readonly string[],
  source: BootSpec['address'],
): string | null {
  if (call.kind !== 'port' || call.port === 0) return null;
  const ports = urls.map(addressOf).map((address) => (typeof address === 'object' ? address.port : null));
  if (ports.includes(call.port)) return null;
  const why = source === 'given' ? '--bind' : 'as its first worker asked for it';
  return `${text} asked for ${placeOf(call)}; it is served at ${urls.join(', ')} (${why})`;
}

/** What is not an address of TCP is of no interest, and any port is as good as another. */
function urlOfBind(text: string): string {
  const address = parseAddress('--bind', text.replaceAll('{slot}', '0'));
  if (address.kind !== 'tcp') return '';
  const { host, port } = address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port || 8000}`;
}
