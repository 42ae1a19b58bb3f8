import type { WireCertificate, WireRequest, WireTick, WireWorker } from '../wire.ts';
import { byId, headOf, type Row, Rows, say } from './dom.ts';
import { bytes, count, percent, span, time } from './format.ts';

/** Asks for the worker of a slot to be replaced; null where the reader may not. */
export type Restart = ((slot: number) => void) | null;

/** States in which a worker is not to stay. */
const PASSING: readonly string[] = ['spawning', 'booting', 'opening', 'retiring'];
const BAD: readonly string[] = ['failed', 'killed', 'cancelled'];
const MEANINGS: Readonly<Record<string, string>> = {
  spawning: 'its process starts',
  booting: 'loads the application',
  standby: 'spare: loaded, accepts when it is needed',
  opening: 'opens its sockets',
  retiring: 'accepts nothing more, finishes its requests',
  killed: 'was killed',
};

/** The tables of workers, of requests in flight and of certificates. */
export class Tables {
  readonly #workers: Rows;
  readonly #requests: Rows;
  readonly #certificates: Rows;

  constructor() {
    headOf(byId('workers'), [
      ...[['Slot'], ['State'], ['Req/s', true], ['In flight', true], ['Connections', true]],
      ...[
        ['CPU', true],
        ['Memory', true],
        ['Heap', true],
        ['Loop p99', true],
      ],
      ...[
        ['Uptime', true],
        ['Gen', true],
        ['Pid', true],
      ],
    ] as [string, boolean?][]);
    headOf(byId('requests'), [['Age', true], ['Request'], ['Slot', true], ['State'], ['Client']]);
    headOf(byId('certificates'), [['Certificate'], ['Days left', true], ['Until'], ['File']]);
    this.#certificates = new Rows(byId('certificates'));
    this.#workers = new Rows(byId('workers'));
    this.#requests = new Rows(byId('requests'));
  }

  show(tick: WireTick, restart: Restart): void {
    const { workers, requests, requestCount, certificates, ready, wanted } = tick;
    const left = wanted === 0 ? `${workers.length} left, none is wanted` : `${ready} of ${wanted} serve`;
    say('workers-note', left);
    this.#workers.show(
      workers.toSorted(bySlot).map((worker) => workerRow(worker, restart)),
      'There is no worker.',
    );
    const more = requestCount - requests.length;
    const young = more > 0 ? `, ${count(more)} of them younger than 50 ms or not listed` : '';
    say('requests-note', `${count(requestCount)}${young}; the oldest first, without queries`);
    this.#requests.show(requests.map(requestRow), 'None that is older than 50 ms.');
    byId('tls').hidden = certificates.length === 0;
    this.#certificates.show(certificates.map(certificateRow), '');
  }
}

function bySlot(one: WireWorker, other: WireWorker): number {
  return (one.slot ?? Infinity) - (other.slot ?? Infinity) || one.age - other.age;
}

function workerRow(worker: WireWorker, restart: Restart): Row {
  const { slot, pid, age, state, why, blocked } = worker;
  const number = (text: string) => ({ text, kind: 'n' as const });
  const isBlocked = blocked >= 1;
  const canRestart = restart !== null && slot !== null && state === 'ready';
  const button = canRestart
    ? { label: 'Restart', spoken: `Restart the worker in slot ${slot}`, press: () => restart(slot) }
    : null;
  return {
    key: `${age}`,
    level: isBlocked || BAD.includes(state) ? 'bad' : PASSING.includes(state) ? 'warning' : undefined,
    cells: [
      { text: slot === null ? '–' : `${slot}`, kind: 'head' },
      {
        text: isBlocked ? `blocked for ${span(blocked)} ` : `${state} `,
        small: why ?? MEANINGS[state] ?? null,
        kind: 'wrap',
        button,
      },
      ...[
        number(count(worker.requestRate)),
        number(count(worker.inFlight)),
        number(count(worker.connections)),
      ],
      ...[number(percent(worker.cpu)), number(bytes(worker.rss)), number(bytes(worker.heap))],
      ...[number(time(worker.loopDelay)), number(span(worker.uptime)), number(`${worker.generation}`)],
      number(pid === 0 ? '–' : `${pid}`),
    ],
  };
}

/** From this age on a request is marked. */
const OLD_MS = 10_000;

function requestRow({ slot, pid, ageMs, method, path, client, state }: WireRequest, index: number): Row {
  return {
    key: `${index}`,
    level: ageMs >= OLD_MS ? 'warning' : undefined,
    cells: [
      { text: time(ageMs / 1000), kind: 'n' },
      { text: `${method} ${path}`, kind: 'wrap' },
      { text: slot === null ? `pid ${pid}` : `${slot}`, kind: 'n' },
      { text: state },
      { text: client ?? '–' },
    ],
  };
}

/** From here on it is bad: as the alert has it. */
const FEW_DAYS = 7;

function certificateRow({ file, names, until, daysLeft, remark }: WireCertificate): Row {
  const isOver = daysLeft < 0;
  return {
    key: file,
    level: isOver ? 'bad' : daysLeft < FEW_DAYS ? 'warning' : undefined,
    cells: [
      { text: `${names.join(', ') || '–'} `, small: remark, kind: 'wrap' },
      { text: isOver ? 'expired' : `${daysLeft}`, kind: 'n' },
      { text: until },
      { text: file, kind: 'wrap' },
    ],
  };
}
