import { escapeControls } from '../../support/text.ts';
import { type Output, timeText } from '../output.ts';
import type { Looks } from '../verbs/status.ts';
import { KEY_LINE } from './keys.ts';
import { sorted, tableLines } from './table.ts';

/** What the screen shows. */
export interface View {
  /** Null before the first answer. */
  readonly looks: Looks | null;
  /** Why there is no newer answer; null where there is one. */
  readonly trouble: string | null;
  readonly sort: string;
  readonly isReversed: boolean;
  /** The age of the worker that the keys are for. */
  readonly selected: number | null;
  /** The outcome of the last key, or a question. */
  readonly message: string;
  /** What covers the lower part, a line each; empty for nothing. */
  readonly pane: readonly string[];
}

/** The size of a terminal, in characters. */
export interface Size {
  readonly rows: number;
  readonly columns: number;
}

const MARK = '> ';
/** With a pane, so many lines are left to the workers. */
const ROWS_BESIDE_PANE = 4;

/** The lines of the whole screen, no longer than it is wide; exactly as many as it has rows. */
export function screenLines(
  view: View,
  { rows, columns }: Size,
  out: Pick<Output, 'style'>,
): readonly string[] {
  const cut = (text: string) => escapeControls(text).slice(0, columns);
  const head = headLines(view).map((line, index) => (index === 0 ? out.style('bold', cut(line)) : cut(line)));
  const foot = [cut(view.message), out.style('dim', cut(KEY_LINE))];
  const room = Math.max(0, rows - head.length - foot.length - 1);
  const body = [
    ...workerLines(view, columns, view.pane.length > 0 ? Math.min(room, ROWS_BESIDE_PANE) : room, out),
  ];
  const pane = view.pane.length === 0 ? [] : ['', ...view.pane.map(cut)];
  const middle = [...body, ...pane].slice(0, room);
  const blank = Array.from({ length: Math.max(0, room - middle.length) }, () => '');
  return [...head, '', ...middle, ...blank, ...foot].slice(0, rows);
}

function headLines({ looks, trouble }: View): readonly string[] {
  if (looks === null) return [trouble ?? 'Asking the service …'];
  const { now } = looks;
  const name = now.name === null ? '' : ` [${now.name}]`;
  const queues = now.listeners.map(({ url, queue, limit }) => `${url} ${queue ?? '-'}/${limit}`);
  return [
    `tsunicorn ${now.version}${name}  ${now.phase}, pid ${now.pid}, up ${timeText(now.uptimeSeconds)}, generation ${now.generation ?? '-'}`,
    `${now.workers.ready} of ${now.workers.wanted} workers ready; queued: ${queues.join(', ')}`,
    trouble === null ? (now.waits[0] ?? '') : `No answer, asking again: ${trouble}`,
  ];
}

function workerLines(
  { looks, sort, isReversed, selected }: View,
  width: number,
  room: number,
  out: Pick<Output, 'style'>,
): readonly string[] {
  if (looks === null) return [];
  const rows = sorted(looks, sort, isReversed);
  const [heading = '', ...lines] = tableLines(rows, sort, width - MARK.length);
  const at = Math.max(
    0,
    rows.findIndex(({ worker }) => worker.age === selected),
  );
  // The selected one stays on the screen.
  const first = Math.max(0, at - Math.max(0, room - 2));
  const shown = lines.slice(first, first + Math.max(0, room - 1)).map((line, index) => {
    const isSelected = first + index === at;
    const text = `${isSelected ? MARK : '  '}${line}`.slice(0, width);
    return isSelected ? out.style('inverse', text) : text;
  });
  return [out.style('bold', `  ${heading}`.slice(0, width)), ...shown];
}
