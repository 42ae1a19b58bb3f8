import { expect, it } from 'vitest';
import { gauge } from '../../../../src/measures/measures.ts';
import { isWorkerMessage } from '../../../../src/process/ipc/checks.ts';
import { reportMeasures } from '../../../../workers/health/report-measures.ts';

it('a gauge that is no number is left out, and the rest of the report arrives', async () => {
  const measured = gauge('of_the_report', { labels: ['of'] });
  measured.set(Number.NaN, { of: 'lag' });
  measured.set(Infinity, { of: 'room' });
  measured.set(3, { of: 'queue' });
  const sent: unknown[] = [];
  const send = (message: unknown) => Promise.resolve(void sent.push(JSON.parse(JSON.stringify(message))));
  const report = await reportMeasures({ send }, { collectPromClient: false });
  report();
  expect(sent.map(isWorkerMessage)).toEqual([true]);
  const series = [[['queue'], [3]]];
  expect(sent).toMatchObject([
    {
      measured: {
        measures: expect.arrayContaining([expect.objectContaining({ name: 'of_the_report', series })]),
      },
    },
  ]);
  measured.set(0, { of: 'lag' });
  measured.set(0, { of: 'room' });
});
