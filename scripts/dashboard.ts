// deploy/grafana/tsunicorn.json from the table below: what a panel shows is one line here and sixty in Grafana's form.

interface PanelSpec {
  readonly title: string;
  readonly unit: 'reqps' | 's' | 'bytes' | 'short' | 'percentunit';
  /** What each line is called, with Grafana's {{label}}, and its query. */
  readonly lines: Readonly<Record<string, string>>;
  readonly description?: string;
}

const SELECTOR = 'job=~"$job", instance=~"$instance"';
const rate = (name: string, more = '') => `rate(${name}{${SELECTOR}${more}}[$__rate_interval])`;
const quantile = (q: number, name: string) =>
  `histogram_quantile(${q}, sum by (le) (${rate(`${name}_bucket`)}))`;
const DURATION = 'http_server_request_duration_seconds';

const ROWS: Readonly<Record<string, readonly PanelSpec[]>> = {
  'Is it well?': [
    {
      title: 'Workers that accept, of those wanted',
      unit: 'short',
      lines: {
        accept: `sum(tsunicorn_workers{${SELECTOR}, state="ready"})`,
        wanted: `sum(tsunicorn_workers_wanted{${SELECTOR}})`,
      },
    },
    {
      title: 'Workers by state',
      unit: 'short',
      lines: { '{{state}}': `sum by (state) (tsunicorn_workers{${SELECTOR}}) > 0` },
    },
    {
      title: 'Ends of workers by cause',
      unit: 'short',
      description: 'retired, asked and unwanted are planned; every other cause is worth a look into the log.',
      lines: {
        '{{cause}}': `sum by (cause) (increase(tsunicorn_worker_exits_total{${SELECTOR}}[$__rate_interval])) > 0`,
      },
    },
    {
      title: 'Reloads and upgrades by outcome',
      unit: 'short',
      lines: {
        'reload {{outcome}}': `sum by (outcome) (increase(tsunicorn_reloads_total{${SELECTOR}}[$__rate_interval])) > 0`,
        'upgrade {{outcome}}': `sum by (outcome) (increase(tsunicorn_upgrades_total{${SELECTOR}}[$__rate_interval])) > 0`,
      },
    },
    {
      title: 'Generation',
      unit: 'short',
      description: 'Hosts that differ serve different deploys.',
      lines: { '{{instance}}': `tsunicorn_generation{${SELECTOR}}` },
    },
    {
      title: 'Event loops that were blocked',
      unit: 'short',
      lines: {
        blocked: `sum(increase(tsunicorn_eventloop_blocked_total{${SELECTOR}}[$__rate_interval]))`,
        'killed for it': `sum(increase(tsunicorn_worker_exits_total{${SELECTOR}, cause=~"stall|silent"}[$__rate_interval]))`,
      },
    },
  ],
  'What clients get': [
    {
      title: 'Requests by status',
      unit: 'reqps',
      lines: {
        '{{http_response_status_code}}': `sum by (http_response_status_code) (${rate(`${DURATION}_count`)})`,
      },
    },
    {
      title: 'Duration of requests',
      unit: 's',
      lines: { p50: quantile(0.5, DURATION), p95: quantile(0.95, DURATION), p99: quantile(0.99, DURATION) },
    },
    {
      title: 'Share of errors of the application',
      unit: 'percentunit',
      lines: {
        errors: `(sum(${rate(`${DURATION}_count`, ', error_type=~"5.."')}) or vector(0)) / sum(${rate(`${DURATION}_count`)})`,
      },
    },
    {
      title: 'Requests that were cut or refused',
      unit: 'reqps',
      lines: {
        'cut: {{reason}}': `sum by (reason) (${rate('tsunicorn_requests_cut_total')}) > 0`,
        'refused: {{reason}}': `sum by (reason) (${rate('tsunicorn_requests_refused_total')}) > 0`,
      },
    },
    {
      title: 'In flight',
      unit: 'short',
      lines: {
        requests: `sum(http_server_active_requests{${SELECTOR}})`,
        'waiting for a thread': `sum(tsunicorn_thread_queue_requests{${SELECTOR}})`,
      },
    },
    {
      title: 'Open connections',
      unit: 'short',
      lines: { '{{instance}}': `sum by (instance) (tsunicorn_connections{${SELECTOR}})` },
    },
  ],
  'What waits': [
    {
      title: 'Time in the queue, as proxies say',
      unit: 's',
      description: 'From the X-Request-Start of a trusted proxy.',
      lines: {
        p50: quantile(0.5, 'tsunicorn_request_queue_seconds'),
        p95: quantile(0.95, 'tsunicorn_request_queue_seconds'),
        p99: quantile(0.99, 'tsunicorn_request_queue_seconds'),
      },
    },
    {
      title: "Connections in the kernel's queue",
      unit: 'short',
      lines: {
        '{{address}}': `sum by (address) (tsunicorn_backlog_connections{${SELECTOR}})`,
        'limit of {{address}}': `sum by (address) (tsunicorn_backlog_limit{${SELECTOR}})`,
      },
    },
    {
      title: 'The longest wait there',
      unit: 's',
      lines: { '{{address}}': `max by (address) (tsunicorn_backlog_longest_wait_seconds{${SELECTOR}})` },
    },
  ],
  'What it costs': [
    {
      title: 'Delay of the event loops',
      unit: 's',
      lines: {
        p50: quantile(0.5, 'tsunicorn_eventloop_delay_seconds'),
        p99: quantile(0.99, 'tsunicorn_eventloop_delay_seconds'),
      },
    },
    {
      title: 'Utilisation of the event loops',
      unit: 'percentunit',
      lines: {
        active: `sum(${rate('nodejs_eventloop_time_seconds_total', ', nodejs_eventloop_state="active"')}) / sum(${rate('nodejs_eventloop_time_seconds_total')})`,
      },
    },
    {
      title: 'Processors in use',
      unit: 'short',
      lines: {
        'workers, {{cpu_mode}}': `sum by (cpu_mode) (${rate('process_cpu_time_seconds_total')})`,
        arbiter: `sum(${rate('process_cpu_seconds_total')})`,
      },
    },
    {
      title: 'Memory of each worker',
      unit: 'bytes',
      lines: { 'slot {{slot}} of {{instance}}': `process_memory_usage_bytes{${SELECTOR}}` },
    },
    {
      title: 'Heap of each worker',
      unit: 'bytes',
      lines: { 'slot {{slot}} of {{instance}}': `v8js_memory_heap_used_bytes{${SELECTOR}}` },
    },
    {
      title: 'Memory of the service, and its limit',
      unit: 'bytes',
      lines: {
        '{{instance}}': `sum by (instance) (process_memory_usage_bytes{${SELECTOR}}) + sum by (instance) (process_resident_memory_bytes{${SELECTOR}})`,
        'limit of {{instance}}': `sum by (instance) (tsunicorn_memory_limit_bytes{${SELECTOR}})`,
      },
    },
    {
      title: 'Time in garbage collections',
      unit: 'percentunit',
      lines: { '{{v8js_gc_type}}': `sum by (v8js_gc_type) (${rate('v8js_gc_duration_seconds_sum')})` },
    },
    {
      title: 'From spawn to ready',
      unit: 's',
      lines: {
        p50: quantile(0.5, 'tsunicorn_worker_boot_seconds'),
        p99: quantile(0.99, 'tsunicorn_worker_boot_seconds'),
      },
    },
    {
      title: 'Log lines that were lost',
      unit: 'short',
      lines: { lost: `sum(increase(tsunicorn_log_lines_lost_total{${SELECTOR}}[$__rate_interval]))` },
    },
  ],
};

const COLUMNS = 24;
const HEIGHT = 7;
const SOURCE = { type: 'prometheus', uid: '$source' };

/** The dashboard as Grafana imports it (schema 39, Grafana 10 and later). */
export function renderDashboard(): string {
  const dashboard = {
    title: 'tsunicorn',
    uid: 'tsunicorn',
    description: 'Services that tsunicorn runs, by what its /metrics says (--admin-bind).',
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    tags: ['tsunicorn', 'node'],
    templating: { list: [source(), variable('job'), variable('instance', 'job=~"$job"')] },
    panels: panels(),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function source() {
  return { name: 'source', label: 'Prometheus', type: 'datasource', query: 'prometheus' };
}

function variable(label: string, within = '') {
  return {
    name: label,
    label,
    type: 'query',
    datasource: SOURCE,
    query: { query: `label_values(tsunicorn_info{${within}}, ${label})`, refId: label },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

function panels(): readonly object[] {
  const all: object[] = [];
  let y = 0;
  for (const [title, specs] of Object.entries(ROWS)) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    const width = 8;
    for (const [index, spec] of specs.entries()) {
      const x = (index * width) % COLUMNS;
      if (x === 0 && index > 0) y += HEIGHT;
      all.push(panel(all.length + 1, spec, { x, y, w: width, h: HEIGHT }));
    }
    y += HEIGHT;
  }
  return all;
}

function panel(id: number, { title, unit, lines, description }: PanelSpec, gridPos: object): object {
  return {
    id,
    type: 'timeseries',
    title,
    ...(description === undefined ? {} : { description }),
    datasource: SOURCE,
    gridPos,
    fieldConfig: {
      defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: Object.entries(lines).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: SOURCE,
      expr,
      legendFormat,
      range: true,
    })),
  };
}
