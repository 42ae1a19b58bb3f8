import type { Column } from './fixture.ts';
import type { Outcome } from './results.ts';

const NO_TLS = 'In class `thread` the main thread speaks HTTP/1.1 without TLS; use `-k async`.';
const NO_SHARING =
  'In class `sync` each request has a connection of its own; HTTP/2 shares one. Use `-k async`.';

const HTTP2 = { 'exported sync': NO_SHARING, 'program sync': NO_SHARING, 'exported thread': NO_TLS };

/** Why a cell is "no", in a sentence for users; what has none here is explained by what the run said. */
const REASONS: Readonly<Record<string, Partial<Readonly<Record<Column, string>>>>> = {
  'node:https': { 'exported thread': NO_TLS },
  'node:http2': HTTP2,
  'node:http2, h2c': HTTP2,
};

/** The reason for a "no" of a package. */
export function reasonFor(name: string, column: Column, outcome: Outcome | undefined): string {
  if (outcome === undefined || outcome === 'yes') return 'It was not run.';
  return REASONS[name]?.[column] ?? `${outcome.no}.`;
}
