import { MEASURES, type Measured, type MeasureSource, together } from '../../src/metrics/measured.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { Inbox } from '../inbox.ts';

/**
 * Returns what tells the arbiter, when it is called, what the application measures, in its threads too; nothing where it
 * measures nothing.
 */
export async function reportMeasures(
  inbox: Pick<Inbox, 'send'>,
  { collectPromClient }: Pick<Settings, 'collectPromClient'>,
  ofThreads: () => Measured | null = () => null,
): Promise<() => void> {
  const promClient = collectPromClient
    ? new (await import('../../src/measures/prom-client.ts')).PromClient()
    : null;
  return () => {
    const source: MeasureSource | undefined = Reflect.get(globalThis, MEASURES);
    const measured = together([source?.take() ?? null, promClient?.take() ?? null, ofThreads()]);
    if (measured !== null) void inbox.send({ tsunicorn: 'measured', measured: finite(measured) });
  };
}

/** Without series that have a number which is none: JSON has no NaN and no Infinity, and the whole report would be refused. */
function finite(measured: Measured): Measured {
  const measures = measured.measures.map((measure) => ({
    ...measure,
    series: measure.series.filter(([, numbers]) => numbers.every(Number.isFinite)),
  }));
  return { ...measured, measures };
}
