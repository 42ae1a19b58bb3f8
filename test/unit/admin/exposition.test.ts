import { expect, it } from 'vitest';
import { Exposition, type Present } from '../../../src/admin/exposition.ts';
import { workerFamilies } from '../../../src/metrics/catalogue.ts';
import { FIGURES, HEADER, placeFor, placeOf } from '../../../src/metrics/layout.ts';
import type { Measure } from '../../../src/metrics/measured.ts';
import { keyOf } from '../../../src/metrics/series.ts';
import type { Totals } from '../../../src/metrics/store.ts';

const present = new Proxy({} as Present, { get: () => 0 });

function totals(more: Partial<Totals> = {}): Totals {
  return {
    figures: new Float64Array(FIGURES),
    ...{ series: new Map(), exemplars: new Map(), workers: [], ended: new Map() },
    ...more,
  };
}

/** The lines of the samples of one name. */
function samples(text: string, name: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

it('shows what has changed since the text was made before, and nothing else', () => {
  const exposition = new Exposition();
  const figures = new Float64Array(FIGURES);
  const read = () => exposition.text(totals({ figures }), present, 'text').split('\n');
  const before = read();
  expect(read()).toEqual(before);
  figures[placeFor('tsunicorn_requests_cut_total', 'unfinished') ?? 0] = 3;
  const after = read();
  expect(after.filter((line, at) => line !== before[at])).toEqual([
    'tsunicorn_requests_cut_total{reason="unfinished"} 3',
  ]);
  figures[placeFor('tsunicorn_requests_cut_total', 'unfinished') ?? 0] = 0;
  expect(read()).toEqual(before);
});

it('adds up the buckets of a histogram', () => {
  const figures = new Float64Array(FIGURES);
  const at = placeOf('tsunicorn_request_queue_seconds');
  const { bounds } = workerFamilies.tsunicorn_request_queue_seconds;
  figures.set([2.5, 1, 2], at);
  figures[at + 1 + bounds.length] = 4;
  const text = new Exposition().text(totals({ figures }), present, 'openMetrics');
  const lines = samples(text, 'tsunicorn_request_queue_seconds_bucket');
  expect(lines).toHaveLength(bounds.length + 1);
  expect([lines[0], lines[1], lines.at(-2), lines.at(-1)]).toEqual([
    'tsunicorn_request_queue_seconds_bucket{le="0.001"} 1',
    'tsunicorn_request_queue_seconds_bucket{le="0.0025"} 3',
    'tsunicorn_request_queue_seconds_bucket{le="30.0"} 3',
    'tsunicorn_request_queue_seconds_bucket{le="+Inf"} 7',
  ]);
  expect(samples(text, 'tsunicorn_request_queue_seconds_sum')).toEqual([
    'tsunicorn_request_queue_seconds_sum 2.5',
  ]);
  expect(samples(text, 'tsunicorn_request_queue_seconds_count')).toEqual([
    'tsunicorn_request_queue_seconds_count 7',
  ]);
  expect(text.endsWith('# EOF\n')).toBe(true);
});

it('shows the methods that were used, and those in flight', () => {
  const [get, put] = [0, 2];
  const figures = new Float64Array(FIGURES);
  figures[placeOf('http_server_active_requests', put * 2 + 1)] = 1;
  const series = new Map([
    [keyOf(get, 404, 0, 0), Float64Array.from([0.5, 2, ...Array.from({ length: 14 }, () => 0)])],
    [keyOf(get, 500, 0, 0), new Float64Array(16)],
  ]);
  const text = new Exposition().text(totals({ figures, series }), present, 'text');
  expect(samples(text, 'http_server_active_requests')).toEqual([
    'http_server_active_requests{http_request_method="GET",url_scheme="http"} 0',
    'http_server_active_requests{http_request_method="PUT",url_scheme="https"} 1',
  ]);
  expect(samples(text, 'http_server_request_duration_seconds_count')).toEqual([
    'http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",url_scheme="http",network_protocol_version="1.1"} 2',
  ]);
});

it('shows the sum of a worker and its replacement by their slot', () => {
  const at = placeOf('v8js_memory_heap_used_bytes');
  const worker = (slot: number, bytes: number) => {
    const figures = new Float64Array(FIGURES);
    figures[HEADER.slot] = slot;
    figures[at] = bytes;
    return figures;
  };
  const workers = [worker(1, 5), worker(0, 7), worker(1, 6)];
  const text = new Exposition().text(totals({ workers }), present, 'text');
  expect(samples(text, 'v8js_memory_heap_used_bytes')).toEqual([
    'v8js_memory_heap_used_bytes{slot="0"} 11',
    'v8js_memory_heap_used_bytes{slot="spare"} 7',
  ]);
});

it('escapes what stands in labels, and leaves away metrics of the application that have a name of ours', () => {
  const measure = (name: string, type: Measure['type'], numbers: readonly number[]): Measure => ({
    ...{ name, type, help: 'Some\nthing', labels: ['file'], bounds: type === 'histogram' ? [1] : [] },
    series: [[['a"b\\c\nd'], numbers]],
  });
  const text = new Exposition().text(totals(), present, 'openMetrics', {
    measures: [
      measure('jobs_total', 'counter', [4]),
      measure('waits', 'histogram', [1.5, 1, 2]),
      measure('sizes', 'summary', [9, 3]),
      measure('tsunicorn_workers', 'gauge', [4]),
    ],
  });
  const label = 'file="a\\"b\\\\c\\nd"';
  expect(text).toContain(`# HELP jobs Some thing.\n# TYPE jobs counter\njobs_total{${label}} 4\n`);
  expect(text).toContain(`waits_bucket{${label},le="1.0"} 1\nwaits_bucket{${label},le="+Inf"} 3\n`);
  expect(text).toContain(`waits_sum{${label}} 1.5\nwaits_count{${label}} 3\n`);
  expect(text).toContain(`sizes_sum{${label}} 9\nsizes_count{${label}} 3\n`);
  expect(samples(text, 'tsunicorn_workers')).toHaveLength(9);
});
