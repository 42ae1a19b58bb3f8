import { createRequire } from 'node:module';
import { messageOf, UsageError } from '../support/errors.ts';
import { findPackage } from '../support/find-package.ts';

/** OpenTelemetry's own exporter, which the operator installs. */
const OTLP_PACKAGE = '@opentelemetry/exporter-trace-otlp-http';
/** The receiver has so long to answer. */
const ANSWER_MS = 4000;
// Of @opentelemetry/api.
const SERVER = 1;
const SAMPLED = 1;
const STATUS = { unset: 0, error: 2 } as const;

/** One request as a receiver of traces gets it. Ids are hexadecimal digits, times milliseconds since 1970. */
export interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** The span that sent the request; null where nobody said so. */
  readonly parentId: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly isError: boolean;
}

export interface SpanExporterOptions {
  /** Where spans are posted to. */
  readonly url: string;
  readonly service: string;
  readonly version: string;
  /** Where the package is looked for, where it is not beside ours. */
  readonly cwd: string;
}

/** The part of the exporter that is used. */
interface Exporter {
  export(
    spans: readonly object[],
    done: (result: { readonly code: number; readonly error?: Error }) => void,
  ): void;
}

type ExporterModule = {
  readonly OTLPTraceExporter: new (options: { url: string; timeoutMillis: number }) => Exporter;
};

/** Throws a UsageError that says what to install, where the package is missing. */
export function findSpanExporter(cwd: string): string {
  const found = findPackage(OTLP_PACKAGE, ['@opentelemetry/api'], cwd);
  if (found !== null) return found;
  throw new UsageError(
    `--otlp-traces: the package ${OTLP_PACKAGE} is missing, or what it needs: npm install ${OTLP_PACKAGE} @opentelemetry/api`,
  );
}

/**
 * Where spans are posted to, by the setting: the path of traces behind a base, and with `env` what OpenTelemetry's own
 * variables say, of which that for traces is the whole address.
 */
export function tracesUrlOf(setting: string, env: NodeJS.ProcessEnv): string {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env;
  if (setting === 'env' && whole) return whole;
  const chosen = setting === 'env' ? base || 'http://127.0.0.1:4318' : setting;
  return `${chosen.replace(/\/+$/, '')}/v1/traces`;
}

/** Sends spans by OTLP over HTTP, through OpenTelemetry's own exporter. */
export class SpanExporter {
  readonly #exporter: Exporter;
  readonly #quietly: (act: () => void) => void;
  readonly #common: object;

  private constructor(exporter: Exporter, quietly: (act: () => void) => void, common: object) {
    this.#exporter = exporter;
    this.#quietly = quietly;
    this.#common = common;
  }

  /** Loads the exporter. Throws a UsageError where it is missing. */
  static open({ url, service, version, cwd }: SpanExporterOptions): SpanExporter {
    const found = findSpanExporter(cwd);
    const { OTLPTraceExporter }: ExporterModule = createRequire(import.meta.url)(found);
    const attributes = { 'service.name': service, 'process.pid': process.pid };
    return new SpanExporter(new OTLPTraceExporter({ url, timeoutMillis: ANSWER_MS }), untraced(found), {
      resource: { attributes, asyncAttributesPending: false },
      instrumentationScope: { name: 'tsunicorn', version },
    });
  }

  /** Resolves with why the receiver did not take them; null where it did. */
  send(spans: readonly Span[]): Promise<string | null> {
    return new Promise((resolve) => {
      try {
        const readable = spans.map((span) => ({ ...readableOf(span), ...this.#common }));
        this.#quietly(() =>
          this.#exporter.export(readable, ({ code, error }) => resolve(code === 0 ? null : reasonOf(error))),
        );
      } catch (error) {
        // Of code that is not ours.
        resolve(messageOf(error));
      }
    });
  }
}

/** Returns what calls so that an application which traces its own requests does not trace ours to the receiver. */
function untraced(exporter: string): (act: () => void) => void {
  const require = createRequire(exporter);
  try {
    const { context } = require('@opentelemetry/api');
    const { suppressTracing } = require('@opentelemetry/core');
    return (act) => context.with(suppressTracing(context.active()), act);
  } catch {
    // Another version keeps them elsewhere.
    return (act) => act();
  }
}

/** As OpenTelemetry's SDK would make it (ReadableSpan). */
function readableOf({ name, traceId, spanId, parentId, startMs, endMs, attributes, isError }: Span): object {
  const contextOf = (id: string) => ({ traceId, spanId: id, traceFlags: SAMPLED });
  const own = contextOf(spanId);
  return {
    name,
    kind: SERVER,
    spanContext: () => own,
    ...(parentId === null ? {} : { parentSpanContext: { ...contextOf(parentId), isRemote: true } }),
    startTime: timeOf(startMs),
    endTime: timeOf(endMs),
    duration: timeOf(endMs - startMs),
    ended: true,
    status: { code: isError ? STATUS.error : STATUS.unset },
    attributes,
    ...{ links: [], events: [] },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

/** Seconds and nanoseconds. */
function timeOf(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}

/** The exporter's own message is '' where the connection is refused at several addresses. */
function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'it did not take them';
  if (error.message !== '') return error.message;
  return String(Reflect.get(error, 'code') ?? error.name);
}
