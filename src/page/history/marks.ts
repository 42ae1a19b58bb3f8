import type { AnyRecord } from '../../log/records.ts';
import type { Mark } from './figures.ts';

/** What a record puts on the time axis: ends of workers that were not told to end, outcomes of reloads and upgrades. */
export function markOf(record: AnyRecord, at: number): Mark | null {
  const kind = kindOf(record);
  return kind === null ? null : { at, kind, text: textOf(record) };
}

function kindOf(record: AnyRecord): Mark['kind'] | null {
  switch (record.event) {
    case 'worker-exited':
      return PLANNED.includes(record.cause) ? null : 'death';
    case 'reload-promoted':
    case 'reload-refused':
    case 'reload-undone':
      return 'reload';
    case 'upgrade-ready':
    case 'upgrade-done':
    case 'upgrade-failed':
    case 'upgrade-rolled-back':
      return 'upgrade';
    case 'nobody-serves':
    case 'loop-blocked':
      return record.phase === 'begins' ? 'trouble' : null;
    default:
      return null;
  }
}

/** Causes of ends that somebody wanted. */
const PLANNED: readonly string[] = ['retired', 'unwanted', 'asked'];

const LONGEST = 300;

function textOf({ message }: AnyRecord): string {
  const [line = ''] = message.split('\n', 1);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
