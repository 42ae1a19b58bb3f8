import { escapeControls } from '../../support/text.ts';
import type { Call, Verb } from '../verb.ts';

type Line = Readonly<Record<string, unknown>>;

/** What the arbiter and the workers log. */
export const logs: Verb = {
  name: 'logs',
  summary: 'what the arbiter and the workers logged last, and with -f what they log, as it happens',
  doc: 'Also of workers that hang, and of the last ones that have ended: each worker keeps its last 256 KB where the arbiter can read them. After an upgrade the records of the old arbiter and its workers are there too, with its pid in place of `arbiter`. What goes wrong with a log itself is here, though that log cannot have it. Lines of the access log are kept only while somebody follows. What is overwritten before it is read, or cannot be printed in time, is left out, and it says how much. With -f a level below that of the log shows more than the log has.',
  flags: [
    { name: '--follow', short: '-f', doc: 'then each record as it comes, until Ctrl-C' },
    { name: '--level', short: '-l', value: 'level', doc: 'the least severe level; info by default' },
    {
      name: '--worker',
      short: '-w',
      value: 'slot',
      doc: 'only what the worker in this slot logs, and what is logged about it',
    },
    { name: '--access', short: '-a', doc: 'with -f also the lines of the access log, where there is one' },
  ],
  async run(call) {
    const { flags, signal, service } = call;
    const client = await service();
    const query = new URLSearchParams({ level: String(flags.get('--level') ?? 'info') });
    const worker = flags.get('--worker');
    if (typeof worker === 'string') query.set('worker', worker);
    for (const name of ['follow', 'access']) if (flags.has(`--${name}`)) query.set(name, '');
    try {
      await client.get(`/v1/logs?${query}`, { signal, heard: (line) => print(call, line) });
    } catch (error) {
      // Ctrl-C is how it ends.
      if (!signal.aborted) throw error;
    }
    return 0;
  },
};

function print({ json, out }: Call, line: Line): void {
  if (json) return out.line(JSON.stringify(line));
  const { time, level, message, stack, access, lost, pid } = line;
  if (access !== undefined) return out.line(escapeControls(String(access)));
  if (lost !== undefined && message === undefined) {
    const whose = pid === undefined ? '' : ` of worker ${String(pid)}`;
    return out.line(`(${String(lost)} lines${whose} were left out)`);
  }
  const who = pid === undefined ? 'arbiter' : String(pid);
  out.line(escapeControls(`${String(time)} [${who}] [${String(level).toUpperCase()}] ${String(message)}`));
  if (typeof stack === 'string')
    for (const frame of stack.split('\n')) out.line(`    ${escapeControls(frame)}`);
}
