import type { StackAnswer } from '../../control/routes/inspect.ts';
import { seconds } from '../../support/duration.ts';
import { tagText } from '../../support/request-id.ts';
import { escapeControls } from '../../support/text.ts';
import type { Verb } from '../verb.ts';
import { SLOT } from './changes.ts';

type Thread = StackAnswer['threads'][number];

const STATES: Readonly<Record<Thread['state'], string>> = {
  running: 'runs at',
  idle: 'is idle: its event loop waits',
  native: 'is in native code, or gets no processor: there is no JavaScript stack',
};

/** What a worker was doing, a line each. */
export function stackLines({
  pid,
  slot,
  tookMs,
  threads,
  requests,
  waiting,
}: StackAnswer): readonly string[] {
  const beyond = waiting - requests.length;
  return [
    `Worker ${pid} in slot ${slot}, seen in ${Math.round(tookMs)} ms`,
    ...threads.flatMap((thread) => ['', ...threadLines(thread)]),
    ...(requests.length === 0 ? [] : ['', 'Requests in flight, the latest first:']),
    ...requests.map(
      ({ method, path, ageMs, ...tags }) => `    ${method} ${path}${tagText(tags)}, for ${seconds(ageMs)}`,
    ),
    ...(beyond > 0 ? [`    and ${beyond} more`] : []),
  ].map(escapeControls);
}

function threadLines({ threadId, name, state, stack }: Thread): readonly string[] {
  const who = threadId === 0 ? 'The main thread' : `Thread ${threadId}${name === '' ? '' : ` (${name})`}`;
  return [`${who} ${STATES[state]}`, ...stack.map((frame) => `    ${frame}`)];
}

export const stack: Verb = {
  name: 'stack',
  summary: 'where the threads of a worker are, also while its event loop is blocked',
  doc: 'The worker is stopped for a few milliseconds and goes on; no port is opened. In native code there is no stack, which is said. Refused while a debugger may be connected, and while another `stack` or `profile` of that worker is under way. With `--no-watchdog`, and while the worker loads the application, it needs an event loop that turns.',
  operands: [SLOT],
  async run({ operands, service, json, out, signal }) {
    const client = await service();
    const slot = encodeURIComponent(operands[0] ?? '');
    const answer = await client.post<StackAnswer>(`/v1/workers/${slot}/stack`, { signal });
    for (const line of json ? [JSON.stringify(answer)] : stackLines(answer)) out.line(line);
    return 0;
  },
};
