import type { ServerResponse } from 'node:http';
import type { Controlled } from '../control/controlled.ts';
import { type WorkerLine, WorkerLogs } from '../control/worker-logs.ts';
import { Examiner } from './examiner.ts';
import { Readers } from './readers.ts';
import type { Recorder, Tick } from './recorder.ts';
import { wireRecord, wireTick } from './tick.ts';
import type { Level, WireRecord } from './wire.ts';
import { type Hello, WIRE } from './wire.ts';

/** How many records are kept for who opens the page, and sent in one second. */
const KEPT_RECORDS = 200;

/** Sends what happens to all who have the page open. While nobody has, it does nothing. */
export class Hub {
  readonly #service: Controlled;
  readonly #recorder: Recorder;
  readonly #readers = new Readers();
  readonly #examiner: Examiner;
  #ends: (() => void)[] = [];
  #records: WireRecord[] = [];
  /** What workers have logged: what their rings had when the page was opened, and what came then. */
  #ofWorkers: WireRecord[] = [];
  #lost = 0;
  #seq = 0;

  constructor(service: Controlled, recorder: Recorder) {
    this.#service = service;
    this.#recorder = recorder;
    this.#examiner = new Examiner(service);
  }

  get readers(): number {
    return this.#readers.count;
  }

  /** Keeps the response open, and sends `hello` and then each tick. */
  open(response: ServerResponse, hello: Pick<Hello, 'actions' | 'signedIn'>): void {
    if (this.#ends.length === 0) this.#begin();
    const first: Hello = {
      ...{ wire: WIRE, version: this.#service.version, ...hello },
      records: this.#known(),
    };
    this.#readers.add(response, message('hello', JSON.stringify(first)), () => this.#left());
  }

  close(): void {
    this.#readers.close();
    this.#end();
  }

  #known(): readonly WireRecord[] {
    return latest([...this.#service.journal.recent.map(wireRecord), ...this.#ofWorkers]);
  }

  #begin(): void {
    // What came before is in the history that the page asks for.
    this.#recorder.newMarks();
    const logs = new WorkerLogs(this.#service, { level: 'info', access: false });
    this.#ofWorkers = latest(logs.recent().flatMap((line) => workerRecord(line) ?? []));
    this.#ends = [
      this.#service.journal.follow((record) => {
        if (record.level !== 'debug') this.#took(wireRecord(record));
      }),
      logs.follow((line) => this.#heard(line)),
      this.#recorder.watch((tick) => this.#send(tick)),
    ];
  }

  #left(): void {
    if (this.#readers.count === 0) this.#end();
  }

  #end(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#records = [];
    this.#ofWorkers = [];
  }

  #heard(line: WorkerLine): void {
    if ('lost' in line) this.#lost += line.lost;
    const record = workerRecord(line);
    if (record === null) return;
    this.#ofWorkers.push(record);
    if (this.#ofWorkers.length > KEPT_RECORDS) this.#ofWorkers.shift();
    this.#took(record);
  }

  #took(record: WireRecord): void {
    this.#records.push(record);
    if (this.#records.length <= KEPT_RECORDS) return;
    this.#records.shift();
    this.#lost += 1;
  }

  #send(tick: Tick): void {
    const [records, lost] = [this.#records, this.#lost];
    this.#records = [];
    this.#lost = 0;
    const errors = this.#ofWorkers.filter(({ level }) => level === 'error' || level === 'critical');
    const source = {
      service: this.#service,
      recorder: this.#recorder,
      records,
      errors,
      findings: this.#examiner.findings,
      lost,
      seq: this.#seq++,
    };
    this.#readers.send(Buffer.from(message('tick', JSON.stringify(wireTick(tick, source)))));
  }
}

/** As many as are kept, in the order in which they were written. */
function latest(records: readonly WireRecord[]): WireRecord[] {
  return records.toSorted((one, other) => (one.time < other.time ? -1 : 1)).slice(-KEPT_RECORDS);
}

function workerRecord(line: WorkerLine): WireRecord | null {
  if (!('message' in line)) return null;
  const { level, time, message: text, event = null, stack = null, slot } = line;
  return { ...{ level: level as Level, time, message: text, event, stack }, slot };
}

function message(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n\n`;
}
