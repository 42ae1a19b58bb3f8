import { createRequire } from 'node:module';
import { messageOf, UsageError } from '../support/errors.ts';
import { findPackage } from '../support/find-package.ts';
import { type OtlpMetric, otlpMetrics } from './otlp-metrics.ts';
import type { Picture, Target } from './picture.ts';
import { since } from './since.ts';

/** OpenTelemetry's own exporter, which the operator installs. */
const OTLP_PACKAGE = '@opentelemetry/exporter-metrics-otlp-http';
/** The receiver has so long to answer; less than the time between two pushes. */
const ANSWER_MS = 4000;

/** The part of the exporter that is used. */
interface Exporter {
  export(
    data: { readonly resource: object; readonly scopeMetrics: readonly object[] },
    done: (result: { readonly code: number }) => void,
  ): void;
  shutdown(): Promise<void>;
}

type ExporterModule = {
  readonly OTLPMetricExporter: new (options: { url: string; timeoutMillis: number }) => Exporter;
};

export interface OtlpOptions {
  /** Its base, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
  /** Where the package is looked for, where it is not beside ours. */
  readonly cwd: string;
}

/** Throws a UsageError that says what to install, where the package is missing. */
export function findExporter(cwd: string): string {
  const found = findPackage(OTLP_PACKAGE, ['@opentelemetry/api'], cwd);
  if (found !== null) return found;
  throw new UsageError(
    `--otlp-endpoint: the package ${OTLP_PACKAGE} is missing, or what it needs: npm install ${OTLP_PACKAGE} @opentelemetry/api`,
  );
}

/** Sends figures by OTLP over HTTP, through OpenTelemetry's own exporter. */
export class Otlp implements Target {
  readonly name = 'otlp';
  readonly #options: OtlpOptions;
  readonly #startMs = Math.round(performance.timeOrigin);
  /** Null while another arbiter sends. */
  #before: Pick<Picture, 'totals' | 'atMs'> | null = null;
  readonly #exporter: Exporter;
  #isSending = false;

  private constructor(options: OtlpOptions, exporter: Exporter) {
    this.#options = options;
    this.#exporter = exporter;
  }

  /** Loads the exporter. Throws a UsageError where it is missing. */
  static open(options: OtlpOptions): Otlp {
    const { OTLPMetricExporter }: ExporterModule = createRequire(import.meta.url)(findExporter(options.cwd));
    const url = `${options.endpoint.replace(/\/+$/, '')}/v1/metrics`;
    return new Otlp(options, new OTLPMetricExporter({ url, timeoutMillis: ANSWER_MS }));
  }

  begin(before: Picture): void {
    this.#before = before;
  }

  async push(picture: Picture): Promise<number> {
    // What is counted goes with the next.
    if (this.#isSending || this.#before === null) return 0;
    this.#isSending = true;
    try {
      // What an old arbiter has sent is its own: receivers add up what processes send.
      const own = { ...picture, totals: since(this.#before.totals, picture.totals) };
      const metrics = otlpMetrics(own, { own: this.#before.atMs, application: this.#startMs });
      return (await exported(this.#exporter, this.#dataOf(metrics))) ? 0 : 1;
    } catch {
      // Of code that is not ours.
      return 1;
    } finally {
      this.#isSending = false;
    }
  }

  close(): void {
    void this.#exporter.shutdown().catch(() => {});
  }

  #dataOf(metrics: readonly OtlpMetric[]) {
    const { service, version } = this.#options;
    const attributes = { 'service.name': service, 'process.pid': process.pid };
    const scope = { name: 'tsunicorn', version };
    return { resource: { attributes, asyncAttributesPending: false }, scopeMetrics: [{ scope, metrics }] };
  }
}

function exported(exporter: Exporter, data: Parameters<Exporter['export']>[0]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    try {
      exporter.export(data, ({ code }) => resolve(code === 0));
    } catch (error) {
      reject(new Error(messageOf(error)));
    }
  });
}
