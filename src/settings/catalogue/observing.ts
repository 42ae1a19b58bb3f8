import { nullable } from '../compound-kinds.ts';
import { boolean, fraction, headerName, httpUrl, integer, lineText, path, text } from '../kinds.ts';
import { setting } from '../setting.ts';
import { statsdHost } from '../statsd-host.ts';

/** How the service is observed. */
export const observing = {
  controlSocket: setting({
    doc: 'The Unix socket at which `tsunicornctl` reaches the arbiter (see [control.md](control.md)): a path, `auto`, or `none`. With `auto` it is in `$RUNTIME_DIRECTORY`, in `$XDG_RUNTIME_DIR/tsunicorn` or, for root, in `/run/tsunicorn`, named by `name` or the process id; where none of them can be used there is no socket, and the log says so.',
    flags: '--control-socket',
    kind: path('path'),
    default: 'auto',
    restart: true,
  }),
  adminBind: setting({
    doc: 'An address at which the arbiter itself answers, also while every worker hangs: `/livez`, `/readyz`, `/metrics` and `/status.json` (see [metrics.md](metrics.md)), and at `/` a page for people (see [page.md](page.md)). `host:port` or `unix:path`; it must not be one of `bind`. Workers count requests only if it is set.',
    flags: '--admin-bind',
    kind: nullable(text('address', 'an address such as 127.0.0.1:9000')),
    default: null,
    restart: true,
  }),
  adminToken: setting({
    doc: 'What a client has to send as `Authorization: Bearer <token>` for the pages of `adminBind` that say more than `/livez`, `/readyz` and `/metrics`. Without it those pages are answered only on the loopback interface and on Unix sockets, and [the page](page.md) only shows. Set it by its variable, as anyone on the machine can read a command line, and take at least 16 characters, as `openssl rand -hex 32` makes them: nobody who sends wrong ones is kept from trying more.',
    flags: '--admin-token',
    kind: nullable(text('token')),
    default: null,
    secret: true,
    needs: { anyOf: ['adminBind'] },
  }),
  requestIdHeader: setting({
    doc: 'The header by which each answer names its request, such as `X-Request-Id` (see [request-ids.md](request-ids.md)). What the application sets there itself stays. It costs a small answer some microseconds.',
    flags: '--request-id-header',
    kind: nullable(headerName()),
    default: null,
  }),
  collectPromClient: setting({
    doc: 'Whether `/metrics` also has what the application registers with its own [prom-client](https://github.com/siimon/prom-client), in the default registry, summed over the workers (see [metrics.md](metrics.md#prom-client)).',
    flags: '--collect-prom-client',
    kind: boolean(),
    default: false,
    needs: { anyOf: ['adminBind'] },
  }),
  statsdHost: setting({
    doc: 'The statsd that gets figures every 5 seconds, over UDP (see [metrics.md](metrics.md#statsd)). What it does not get is lost, and counted.',
    flags: '--statsd-host',
    kind: nullable(statsdHost()),
    default: null,
    restart: true,
  }),
  statsdPrefix: setting({
    doc: 'What stands in front of each name that is sent to `statsdHost`, with a point between.',
    flags: '--statsd-prefix',
    kind: nullable(lineText('prefix')),
    default: null,
    needs: { anyOf: ['statsdHost'] },
  }),
  dogstatsdTags: setting({
    doc: 'Tags for all that is sent to `statsdHost`, in the form of Datadog: `region:eu,app:shop`.',
    flags: '--dogstatsd-tags',
    kind: nullable(lineText('tags')),
    default: null,
    needs: { anyOf: ['statsdHost'] },
  }),
  otlpEndpoint: setting({
    doc: 'The OpenTelemetry receiver that gets figures every 5 seconds, by OTLP over HTTP (see [metrics.md](metrics.md#opentelemetry)): its base, such as `http://127.0.0.1:4318`, or `env` for `OTEL_EXPORTER_OTLP_ENDPOINT`. It needs the package `@opentelemetry/exporter-metrics-otlp-http`.',
    flags: '--otlp-endpoint',
    kind: nullable(httpUrl()),
    default: null,
    restart: true,
  }),
  otlpTraces: setting({
    doc: 'The OpenTelemetry receiver that gets a span for each request, by OTLP over HTTP (see [tracing.md](tracing.md)): its base, such as `http://127.0.0.1:4318`, or `env` for `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`. It needs the package `@opentelemetry/exporter-trace-otlp-http`.',
    flags: '--otlp-traces',
    kind: nullable(httpUrl()),
    default: null,
  }),
  otlpTracesRatio: setting({
    doc: 'How many of the requests that belong to no trace begin one, from 0 to 1. Those that belong to one are recorded where their `traceparent` says so.',
    flags: '--otlp-traces-ratio',
    kind: fraction(),
    default: 1,
    needs: { anyOf: ['otlpTraces'] },
  }),
  readyQuorum: setting({
    doc: 'How many workers must accept for `/readyz` to answer 200.',
    flags: '--ready-quorum',
    kind: integer({ min: 1 }),
    default: 1,
    needs: { anyOf: ['adminBind'] },
  }),
};
