import { isatty } from 'node:tty';
import type { ProfileAnswer } from '../../control/routes/inspect.ts';
import { Failure, STATUS } from '../failure.ts';
import { writePrivately } from '../private-file.ts';
import type { Call, Verb } from '../verb.ts';
import { SLOT } from './changes.ts';

/** The arbiter gives up a little earlier. */
const PATIENCE_MS = 20_000;

export const profile: Verb = {
  name: 'profile',
  summary: 'what a worker spends its time on, as a .cpuprofile',
  doc: 'For the developer tools of Chrome, VS Code or speedscope. The worker goes on, about a fifth slower meanwhile; a loop that is blocked is profiled too. The file is for its owner alone. Refused as `stack` is.',
  operands: [SLOT],
  flags: [
    { name: '--seconds', value: 'n', doc: 'how long (10)' },
    { name: '--thread', value: 'id', doc: 'one of the threads that `stack` shows, in place of the main one' },
    { name: '--output', short: '-o', value: 'file', doc: 'where to write it; else the standard output' },
  ],
  async run({ operands, flags, service, json, out, signal }) {
    const file = textOf(flags, '--output');
    if (file === null && !json && isatty(1))
      throw new Failure(
        STATUS.refused,
        'a profile is for a program to read: write --output worker.cpuprofile, or redirect the output',
      );
    const query = new URLSearchParams();
    for (const name of ['seconds', 'thread']) {
      const value = textOf(flags, `--${name}`);
      if (value !== null) query.set(name, value);
    }
    const client = await service();
    const slot = encodeURIComponent(operands[0] ?? '');
    // What is no number of seconds is refused at once.
    const patienceMs = (Number(query.get('seconds')) || 10) * 1000 + PATIENCE_MS;
    const path = `/v1/workers/${slot}/profile?${query}`;
    const { profile: text, ...about } = await client.post<ProfileAnswer>(path, { signal, patienceMs });
    if (file !== null) writePrivately(file, text);
    if (json) out.line(JSON.stringify({ ...about, ...(file === null ? { profile: text } : { file }) }));
    else if (file === null) out.line(text);
    else out.note(`Wrote ${file}: worker ${about.pid} in slot ${about.slot}`);
    return 0;
  },
};

function textOf(flags: Call['flags'], name: string): string | null {
  const value = flags.get(name);
  return typeof value === 'string' ? value : null;
}
