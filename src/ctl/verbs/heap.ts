import { resolve } from 'node:path';
import { STATUS } from '../failure.ts';
import { sizeText } from '../output.ts';
import type { Call, Verb } from '../verb.ts';
import { type Changed, change } from './change.ts';
import { SLOT } from './changes.ts';

export const heap: Verb = {
  name: 'heap',
  summary: 'the heap of a worker, as a .heapsnapshot; another worker takes its place',
  doc: 'For the memory panel of Chrome’s developer tools. Its event loop stands still while it writes, for a minute or more where the heap is large: so its replacement is ready first, it accepts no more, no time limit applies to it, and it retires afterwards. A loop that spins writes its heap too. It takes ten times the memory of the heap, and is refused where the control group or the machine, or the disk, has no room. The worker writes the file itself, for its owner alone. With the class `thread` the application is in the threads: choose one with `--thread`. Ctrl-C does not end what has begun to be written.',
  operands: [SLOT],
  flags: [
    {
      name: '--output',
      short: '-o',
      value: 'file',
      doc: 'where to write it; by default `worker-SLOT-TIME.heapsnapshot` in the working directory',
    },
    { name: '--thread', value: 'id', doc: 'one of the threads that `stack` shows, in place of the main one' },
    { name: '--force', doc: 'also where memory or disk may not suffice' },
    {
      name: '--timeout',
      short: '-t',
      value: 'seconds',
      doc: 'how long to wait for the replacement; 300 by default',
    },
  ],
  exits: [
    {
      status: STATUS.timedOut,
      doc: 'no replacement was ready in time; the worker serves until one is',
    },
  ],
  async run(call) {
    const [slot = ''] = call.operands;
    const path = `/v1/workers/${encodeURIComponent(slot)}/heap?${queryOf(call, slot)}`;
    return change(call, await call.service(), path, saidOf, Infinity);
  },
};

function queryOf({ flags }: Call, slot: string): URLSearchParams {
  const given = flags.get('--output');
  const file = typeof given === 'string' ? given : `worker-${slot}-${stamp(new Date())}.heapsnapshot`;
  const query = new URLSearchParams({ file: resolve(file) });
  for (const name of ['thread', 'timeout']) {
    const value = flags.get(`--${name}`);
    if (typeof value === 'string') query.set(name, value);
  }
  if (flags.has('--force')) query.set('force', '');
  return query;
}

/** As `20260131-235959`. */
function stamp(time: Date): string {
  return time
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '-');
}

function saidOf({ file, bytes, slot, pid }: Changed): string {
  return `Wrote ${file}: ${sizeText(Number(bytes))}, worker ${pid} of slot ${slot}, which retires`;
}
