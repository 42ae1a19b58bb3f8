import { expect, it, onTestFinished } from 'vitest';
import { MEASURES } from '../../../../src/metrics/measured.ts';
import { isWorkerMessage } from '../../../../src/process/ipc.ts';
import { reportMeasures } from '../../../../workers/health/report-measures.ts';

it('a gauge that is no number is left out, and the rest of the report arrives', async () => {
  const about = { type: 'gauge', help: 'A gauge', labels: ['of'], bounds: [] } as const;
  const series = [
    [['lag'], [Number.NaN]],
    [['room'], [Infinity]],
    [['queue'], [3]],
  ] as const;
  const taken = { measures: [{ name: 'queue', ...about, series }], failing: {}, folded: 0, checks: 1 };
  Reflect.set(globalThis, MEASURES, { take: () => taken });
  onTestFinished(() => void Reflect.deleteProperty(globalThis, MEASURES));
  const sent: unknown[] = [];
  const send = (message: unknown) => Promise.resolve(void sent.push(JSON.parse(JSON.stringify(message))));
  const report = await reportMeasures({ send }, { collectPromClient: false });
  report();
  expect(sent.map(isWorkerMessage)).toEqual([true]);
  expect(sent).toMatchObject([{ measured: { checks: 1, measures: [{ series: [[['queue'], [3]]] }] } }]);
});
