import type { Observer } from '../http/observer.ts';
import { Condition, type Phase } from '../log/condition.ts';
import type { WorkerLog } from '../log/records.ts';
import { packageVersion } from '../process/installation.ts';
import { SpanExporter, tracesUrlOf } from '../push/otlp-spans.ts';
import { serviceNameOf } from '../push/service-name.ts';
import type { Settings } from '../settings/catalogue/catalogue.ts';
import { backgroundClock } from '../support/clock.ts';
import { SpanBatch } from './batch.ts';
import { traceRequests } from './trace-requests.ts';

export interface SpansOptions {
  readonly settings: Pick<Settings, 'otlpTracesRatio' | 'readyPath' | 'name' | 'chdir'>;
  /** As in the settings. */
  readonly receiver: string;
  readonly log: WorkerLog;
  /** Counts spans that are lost. */
  readonly lost: (count: number) => void;
}

/** The spans of a worker's requests, from the request to the receiver. */
export interface Spans {
  readonly trace: (handle: Observer) => Observer;
  /** Resolves when what waits is sent, or lost. */
  flush(): Promise<void>;
}

/** Loads OpenTelemetry's exporter. Throws a UsageError where it is missing. */
export function openSpans({ settings, receiver, log, lost }: SpansOptions): Spans {
  const url = tracesUrlOf(receiver, process.env);
  const exporter = SpanExporter.open({
    url,
    service: serviceNameOf(settings),
    version: packageVersion(),
    cwd: settings.chdir,
  });
  const trouble = troubleOf(url, log);
  const batch = new SpanBatch({
    send: (spans) => exporter.send(spans),
    lost: (count, reason) => {
      lost(count);
      trouble.note(reason, count);
    },
    taken: () => trouble.end(),
    clock: backgroundClock,
  });
  process.once('exit', () => {
    batch.lose('the worker has ended');
    trouble.sayNow();
  });
  const { otlpTracesRatio: ratio, readyPath } = settings;
  return {
    trace: traceRequests({
      begins: () => ratio === 1 || Math.random() < ratio,
      take: (span) => batch.add(span),
      uncountedPath: readyPath,
    }),
    flush: () => batch.flush(),
  };
}

/** Said when it begins and when it ends: in between each batch would be another line. */
function troubleOf(url: string, log: WorkerLog): Condition<string> {
  const say = (
    phase: Phase,
    { count, durationMs, detail }: { count: number; durationMs: number; detail: string },
  ) => {
    const fields = { event: 'spans-lost', phase, lost: count, durationMs, reason: detail } as const;
    if (phase === 'begins')
      log.warning(
        `Spans are lost, as ${withoutSecrets(url)} (--otlp-traces) does not take them: ${detail}; requests are served all the same`,
        fields,
      );
    else if (phase === 'ends') log.info(`Spans are taken again: ${count} were lost`, fields);
  };
  return new Condition({ clock: backgroundClock, say });
}

/** The receiver by its host alone: its user, its path and its query may have a key in them. */
function withoutSecrets(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the receiver';
}
