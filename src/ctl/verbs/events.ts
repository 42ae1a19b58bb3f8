import { escapeControls } from '../../support/text.ts';
import type { Client } from '../client.ts';
import type { Call, Verb } from '../verb.ts';

type Line = Readonly<Record<string, unknown>>;

/** What happens. */
export const events: Verb = {
  name: 'events',
  summary: 'what happened last, and with -f what happens, as it does',
  doc: 'The records of the arbiter’s log ([log records](log-records.md)). With `--json` a JSON object a line. What this command cannot print in time is left out, and it says how much.',
  flags: [
    { name: '--follow', short: '-f', doc: 'then each record as it comes, until Ctrl-C' },
    { name: '--level', short: '-l', value: 'level', doc: 'the least severe level; info by default' },
  ],
  async run(call) {
    const client = await call.service();
    const level = String(call.flags.get('--level') ?? 'info');
    const path = `/v1/events?level=${encodeURIComponent(level)}`;
    const { events: recent } = await client.get<{ readonly events: readonly Line[] }>(path, {
      signal: call.signal,
    });
    for (const record of recent) print(call, record);
    if (call.flags.has('--follow')) await follow(call, client, `${path}&follow`);
    return 0;
  },
};

async function follow(call: Call, client: Client, path: string): Promise<void> {
  try {
    await client.get(path, { signal: call.signal, heard: (record) => print(call, record) });
  } catch (error) {
    // Ctrl-C is how it ends.
    if (!call.signal.aborted) throw error;
  }
}

function print({ json, out }: Call, record: Line): void {
  if (json) return out.line(JSON.stringify(record));
  const { time, level, event, message, lost } = record;
  if (lost !== undefined && event === undefined) return out.line(`(${String(lost)} records were left out)`);
  out.line(
    escapeControls(`${String(time)} ${String(level).toUpperCase()} ${String(event)}: ${String(message)}`),
  );
}
