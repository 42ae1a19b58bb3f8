import { MEASURES, type MeasureSource } from '../../src/metrics/measured.ts';
import type { Inbox } from '../inbox.ts';

/** Returns what tells the arbiter, when it is called, what the application measures; nothing where it measures nothing. */
export function reportMeasures(inbox: Pick<Inbox, 'send'>): () => void {
  return () => {
    const source: MeasureSource | undefined = Reflect.get(globalThis, MEASURES);
    const measured = source?.take() ?? null;
    if (measured !== null) void inbox.send({ tsunicorn: 'measured', measured });
  };
}
