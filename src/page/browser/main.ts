import { type Hello, WIRE, type WireTick } from '../wire.ts';
import { Actions } from './actions.ts';
import { Config } from './config.ts';
import { byId, el, say } from './dom.ts';
import { clock, count, span } from './format.ts';
import { History } from './history.ts';
import { Log, showEvents } from './log.ts';
import { Plots } from './plots.ts';
import { Tables } from './tables.ts';
import { followTheme } from './theme.ts';

/** A stream that is silent for so long is dead: a tick comes each second. */
const SILENT_MS = 5000;
const AGAIN_MS = 2000;

class Page {
  readonly #plots = new Plots();
  readonly #tables = new Tables();
  readonly #log = new Log();
  readonly #config = new Config();
  readonly #actions = new Actions();
  #history: History | null = null;
  #source: EventSource | null = null;
  #seq: number | null = null;
  #heardMs = performance.now();
  #heardAt: number | null = null;
  #range = 900;

  start(): void {
    followTheme(() => this.#plots.recolour());
    for (const input of document.querySelectorAll<HTMLInputElement>('input[name="range"]'))
      input.addEventListener('change', () => this.#show(Number(input.value)));
    setInterval(() => this.#watch(), 1000);
    this.#connect();
  }

  #connect(): void {
    this.#source?.close();
    this.#heardMs = performance.now();
    this.#seq = null;
    const source = new EventSource('/page/stream');
    this.#source = source;
    source.addEventListener('hello', ({ data }) => this.#hello(JSON.parse(data) as Hello));
    source.addEventListener('tick', ({ data }) => this.#tick(JSON.parse(data) as WireTick));
    // Ours to do: EventSource gives up after an answer that is no stream.
    source.addEventListener('error', () => source.close());
  }

  /** Says that what is shown is old, and tries again. */
  #watch(): void {
    const silentMs = performance.now() - this.#heardMs;
    const isClosed = this.#source?.readyState === EventSource.CLOSED;
    if (silentMs < (isClosed ? AGAIN_MS : SILENT_MS)) return;
    const live = byId('live');
    live.dataset.state = 'off';
    byId('health').dataset.stale = '';
    const since = this.#heardAt === null ? '' : `; all below is of ${clock(this.#heardAt)}`;
    say('live', `The arbiter does not answer${since}. Trying again.`);
    document.title = '? no answer – tsunicorn';
    this.#connect();
  }

  async #hello(hello: Hello): Promise<void> {
    // Another version was installed: its page may know more.
    if (hello.wire !== WIRE) return location.reload();
    this.#actions.allow(hello);
    this.#log.begin(hello.records);
    say(
      'foot',
      `tsunicorn ${hello.version}. ${hello.actions ? '' : 'This page only shows; with --admin-token it can also reload, scale and restart.'}`,
    );
    const answer = await fetch('/page/history').catch(() => null);
    if (answer?.status === 401) return location.reload();
    if (answer?.ok) this.#history = new History(await answer.arrayBuffer());
  }

  #tick(tick: WireTick): void {
    // The arbiter drops ticks of a reader that is slow: what was missed is asked for.
    if (this.#seq !== null && tick.seq !== this.#seq + 1) return this.#connect();
    this.#seq = tick.seq;
    this.#heardMs = performance.now();
    this.#heardAt = Date.now();
    byId('live').dataset.state = 'on';
    delete byId('health').dataset.stale;
    say('live', `live, ${clock(tick.at * 1000)}`);
    this.#history?.add(tick);
    this.#showHealth(tick);
    this.#actions.follow(tick.wanted);
    this.#tables.show(tick, this.#actions.allowed ? (slot) => this.#actions.restart(slot) : null);
    this.#log.add(tick.records, tick.lost);
    this.#config.follow(tick.generation);
    this.#show();
  }

  #show(range = this.#range): void {
    this.#range = range;
    say('span', range === 60 ? 'minute' : `${range / 60} minutes`);
    if (this.#history === null || document.hidden) return;
    this.#plots.show(this.#history, range);
    showEvents(this.#history.marks);
  }

  #showHealth(tick: WireTick): void {
    const { health, name, app, host, pid, uptime, generation, ready, wanted, listeners, deaths } = tick;
    byId('health').dataset.level = health.level;
    say('sentence', health.sentence);
    // A screen reader is told what has changed, and not each second how long it has lasted.
    const spoken = health.sentence.replace(/ for \d+ (s|min)/g, '');
    say('spoken', spoken);
    const list = byId('details');
    if (list.textContent !== health.details.join(''))
      list.replaceChildren(...health.details.map((text) => el('li', {}, text)));
    say('name', name ?? app ?? 'tsunicorn');
    const which = `${name === null ? '' : `${app ?? ''} `}on ${host}, generation ${generation ?? '–'}, up ${span(uptime)}, arbiter ${pid}`;
    say('about', which);
    const sign = health.level === 'fine' ? '✓' : health.level === 'bad' ? '✕' : '!';
    document.title = `${sign} ${ready}/${wanted} ${name ?? app ?? 'tsunicorn'}`;
    const queues = listeners.map(
      ({ url, queue, limit }) => `${url}: ${count(queue)} of ${count(limit)} wait`,
    );
    const causes = Object.entries(deaths).filter(([cause]) => cause !== 'retired');
    const ended = causes.map(([cause, number]) => `${number} ${cause}`).join(', ');
    say(
      'queues',
      `Queues: ${queues.join('; ')}. Ends of workers in the last hour, by cause: ${ended || 'none'}.`,
    );
  }
}

new Page().start();
