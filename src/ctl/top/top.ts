import type { ProfileAnswer, StackAnswer } from '../../control/routes/inspect.ts';
import { messageOf } from '../../support/errors.ts';
import type { Client } from '../client.ts';
import { writePrivately } from '../private-file.ts';
import type { Call } from '../verb.ts';
import { stackLines } from '../verbs/stack.ts';
import { type Key, keysOf } from './keys.ts';
import { screenLines, type View } from './screen.ts';
import { SORTS, sorted } from './table.ts';
import { Terminal } from './terminal.ts';

const REFRESH_MS = 1000;
const PROFILE_SECONDS = 5;
const PATIENCE_MS = 30_000;

const FIRST: View = {
  ...{ looks: null, trouble: null, sort: 'SLOT', isReversed: false },
  ...{ selected: null, message: '', pane: [] },
};

/** The status on the whole screen, again and again, until a key ends it. */
export class Top {
  readonly #call: Pick<Call, 'service' | 'out' | 'signal'>;
  readonly #terminal = new Terminal();
  readonly #over = Promise.withResolvers<void>();
  #view: View = FIRST;
  /** Null where it has to be found (again): an upgrade may have moved it. */
  #client: Client | null;
  #atMs = 0;
  #isAsked = false;
  #wantsRestart: number | null = null;

  constructor(call: Pick<Call, 'service' | 'out' | 'signal'>, client: Client) {
    this.#call = call;
    this.#client = client;
  }

  /** Resolves when the user has left; the terminal is as it was then. */
  async run(): Promise<void> {
    this.#terminal.enter(
      (text) => {
        for (const key of keysOf(text)) this.#pressed(key);
      },
      () => this.#draw(),
    );
    const timer = setInterval(() => void this.#refresh(), REFRESH_MS);
    this.#call.signal.addEventListener('abort', () => this.#over.resolve());
    try {
      await this.#refresh();
      await this.#over.promise;
    } finally {
      clearInterval(timer);
      this.#terminal.leave();
    }
  }

  async #refresh(): Promise<void> {
    if (this.#isAsked) return;
    this.#isAsked = true;
    try {
      this.#client ??= await this.#call.service();
      const now = await this.#client.status({ signal: this.#call.signal });
      const before = this.#view.looks?.now ?? now;
      const seconds = (performance.now() - this.#atMs) / 1000;
      this.#atMs = performance.now();
      const { selected } = this.#view;
      const isThere = now.processes.some(({ age }) => age === selected);
      this.#show({
        ...{ looks: { now, before, seconds }, trouble: null },
        selected: isThere ? selected : (now.processes[0]?.age ?? null),
      });
    } catch (error) {
      this.#client = null;
      this.#show({ trouble: messageOf(error) });
    } finally {
      this.#isAsked = false;
    }
  }

  #show(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    this.#draw();
  }

  #draw(): void {
    this.#terminal.draw(screenLines(this.#view, this.#terminal.size, this.#call.out));
  }

  #pressed(key: Key): void {
    if (this.#wantsRestart !== null) return this.#answered(key);
    const { sort, isReversed } = this.#view;
    switch (key) {
      case 'quit':
        return this.#over.resolve();
      case 'up':
        return this.#select(-1);
      case 'down':
        return this.#select(1);
      case 'sort': {
        const next = SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? sort;
        return this.#show({ sort: next, message: `Sorted by ${next}` });
      }
      case 'reverse':
        return this.#show({ isReversed: !isReversed });
      case 'close':
        return this.#show({ pane: [], message: '' });
      case 'stack':
        return void this.#do('Looking …', (client, pid) => this.#stack(client, pid));
      case 'profile':
        return void this.#do(`Profiling for ${PROFILE_SECONDS} s …`, profile);
      case 'restart':
        return this.#askToRestart();
    }
  }

  #select(step: 1 | -1): void {
    const { looks, sort, isReversed, selected } = this.#view;
    if (looks === null) return;
    const ages = sorted(looks, sort, isReversed).map(({ worker }) => worker.age);
    const at = Math.max(0, Math.min(ages.length - 1, ages.indexOf(selected ?? 0) + step));
    this.#show({ selected: ages[at] ?? null });
  }

  /** The process of the selected worker; null where there is none. */
  get #pid(): number | null {
    const { looks, selected } = this.#view;
    return looks?.now.processes.find(({ age }) => age === selected)?.pid || null;
  }

  #askToRestart(): void {
    const pid = this.#pid;
    if (pid === null) return;
    this.#wantsRestart = pid;
    this.#show({ message: `Replace worker ${pid}? y for yes, any other key for no` });
  }

  #answered(key: Key): void {
    const pid = this.#wantsRestart;
    this.#wantsRestart = null;
    if (key === 'quit') return this.#over.resolve();
    if (key !== 'yes' || pid === null) return this.#show({ message: 'Nothing is restarted' });
    void this.#do(`Worker ${pid} is being replaced`, restart, pid);
  }

  /** Does something with a worker, the selected one by default, and shows what comes of it. */
  async #do(
    during: string,
    act: (client: Client, pid: number) => Promise<string>,
    pid = this.#pid,
  ): Promise<void> {
    const client = this.#client;
    if (client === null || pid === null) return this.#show({ message: 'No worker is selected' });
    this.#show({ message: during });
    try {
      this.#show({ message: await act(client, pid) });
    } catch (error) {
      this.#show({ message: messageOf(error) });
    }
  }

  async #stack(client: Client, pid: number): Promise<string> {
    const pane = stackLines(await client.post<StackAnswer>(`/v1/workers/${pid}/stack`));
    this.#show({ pane });
    return 'Esc closes the stack';
  }
}

async function profile(client: Client, pid: number): Promise<string> {
  const path = `/v1/workers/${pid}/profile?seconds=${PROFILE_SECONDS}`;
  const { profile: text } = await client.post<ProfileAnswer>(path, { patienceMs: PATIENCE_MS });
  const file = `worker-${pid}-${Date.now()}.cpuprofile`;
  writePrivately(file, text);
  return `Wrote ${file}`;
}

async function restart(client: Client, pid: number): Promise<string> {
  await client.post(`/v1/workers/${pid}/restart`);
  return `Worker ${pid} retires when its replacement is ready`;
}
