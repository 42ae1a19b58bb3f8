import type { WorkerLog } from '../../src/log/records.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Spans } from '../../src/spans/spans.ts';

/** The spans of the requests; null where --otlp-traces does not ask for them. `lost` is null where nothing is counted. */
export async function spansOf(
  settings: Settings,
  log: WorkerLog,
  lost: ((count: number) => void) | null,
): Promise<Spans | null> {
  const { otlpTraces: receiver } = settings;
  if (receiver === null) return null;
  const { openSpans } = await import('../../src/spans/spans.ts');
  return openSpans({ settings, receiver, log, lost: lost ?? (() => {}) });
}
