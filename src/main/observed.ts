import type { Admin } from '../admin/admin.ts';
import { type Generation, listenersAsSeen } from '../arbiter/change/generation.ts';
import type { Controlled } from '../control/controlled.ts';
import type { Listener } from '../listeners/listener.ts';
import type { RecordLog } from '../log/records.ts';
import { Counters } from '../metrics/counters.ts';
import { closeHanded, openFile } from '../metrics/place.ts';
import type { CounterStore } from '../metrics/store.ts';
import type { Page } from '../page/page.ts';
import { packageVersion } from '../process/installation.ts';
import type { Parent } from '../process/parent.ts';
import type { Target } from '../push/picture.ts';
import type { Pusher } from '../push/pusher.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import type { Loaded } from '../settings/load.ts';
import { backgroundClock, systemClock } from '../support/clock.ts';
import { closeQuietly } from '../support/close-quietly.ts';
import type { Logger } from '../support/logger.ts';
import type { Control } from './control.ts';
import type { FollowingLog } from './logs.ts';

// What --admin-bind and the control socket ask for. Without them nothing of it is loaded.

/** The counters of the service; null where nobody can ask for them, as there is neither --admin-bind nor a control socket. */
export function countersOf(
  { settings }: Loaded,
  control: Control | null,
  parent: Parent | null,
): Counters | null {
  const handed = parent?.counters ?? null;
  const isPushed = settings.statsdHost !== null || settings.otlpEndpoint !== null;
  if (settings.adminBind !== null || control !== null || isPushed) return new Counters(openFile(handed));
  if (handed !== null) closeHanded(handed);
  return null;
}

/** The log of the arbiter, whose records are counted where there are counters. */
export async function countedLog(
  log: Logger,
  following: Pick<FollowingLog, 'alsoTrouble'>,
  counters: CounterStore | null,
  { adminBind }: Pick<Settings, 'adminBind'>,
): Promise<Logger> {
  if (counters === null) return log;
  const { countingLog, countingTrouble } = await import('../admin/record-counter.ts');
  const counted = countingLog(log, counters);
  following.alsoTrouble(countingTrouble(counters));
  const { trouble } = counters;
  if (trouble !== null) {
    const records: RecordLog = counted;
    // Who has not asked for metrics has only the status to lose them from.
    records[adminBind === null ? 'info' : 'warning'](
      `/dev/shm cannot be used (${trouble}): workers send what they count once a second, and what a killed one had not sent is lost`,
      { event: 'counters-sent', reason: trouble },
    );
  }
  return counted;
}

export interface AdminSources {
  readonly counters: CounterStore | null;
  readonly listeners: readonly Listener[];
  readonly serving: () => Generation;
  readonly log: Logger;
  readonly page: Page | null;
}

export interface PageSources {
  readonly service: Controlled | null;
  readonly counters: CounterStore | null;
  /** The descriptor of what an old arbiter has kept. */
  readonly handed: number | null;
  readonly log: Logger;
}

/** The page at --admin-bind, and its history; null without it. */
export async function pageOf({ service, counters, handed, log }: PageSources): Promise<Page | null> {
  if (service === null || counters === null || service.loaded().settings.adminBind === null) {
    if (handed !== null) closeQuietly(handed);
    return null;
  }
  const [{ Page }, { Recorder }] = await Promise.all([
    import('../page/page.ts'),
    import('../page/recorder.ts'),
  ]);
  return new Page({ service, recorder: new Recorder(service, counters, handed), log });
}

/** What answers at --admin-bind; null without it. */
export async function adminOf({
  counters,
  listeners,
  serving,
  log,
  page,
}: AdminSources): Promise<Admin | null> {
  if (counters === null || listeners.length === 0) return null;
  const { Admin } = await import('../admin/admin.ts');
  return new Admin({
    counters,
    listeners,
    settings: () => serving().loaded.settings,
    serving: () => listenersAsSeen(serving()),
    version: packageVersion(),
    clock: systemClock,
    log,
    more: page,
  });
}

/** What sends figures, where the settings say to whom. */
export async function pusherOf({
  counters,
  serving,
}: Pick<AdminSources, 'counters' | 'serving'>): Promise<Pusher | null> {
  const { settings } = serving().loaded;
  const { statsdHost, otlpEndpoint } = settings;
  if (counters === null || (statsdHost === null && otlpEndpoint === null)) return null;
  const { Pusher } = await import('../push/pusher.ts');
  const targets: Target[] = [];
  if (statsdHost !== null) {
    const { Statsd, styleOf } = await import('../push/statsd.ts');
    targets.push(new Statsd(statsdHost, () => styleOf(serving().loaded.settings)));
  }
  if (otlpEndpoint !== null) {
    const { Otlp } = await import('../push/otlp.ts');
    const { serviceNameOf } = await import('../push/service-name.ts');
    const service = serviceNameOf(settings);
    const endpoint = endpointOf(otlpEndpoint);
    targets.push(Otlp.open({ endpoint, service, version: packageVersion(), cwd: process.cwd() }));
  }
  return new Pusher({ counters, clock: backgroundClock, targets });
}

/** `env` is what OpenTelemetry's own variable says, or its default. */
function endpointOf(text: string): string {
  return text === 'env' ? (process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? 'http://127.0.0.1:4318') : text;
}
