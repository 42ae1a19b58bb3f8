import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from './client.ts';
import { onTestFinished } from './current-test.ts';
import { deadlineMs } from './patience.ts';
import { temporaryDirectory } from './tsunicorn.ts';

/** A sample of an instant vector. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
}

/** A request that stands for those of its bucket. */
export interface PrometheusExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
  readonly timestamp: number;
  readonly seriesLabels: Readonly<Record<string, string>>;
}

/** A real Prometheus that scrapes one address every second until the test ends. */
export class Prometheus {
  readonly #at: string;

  private constructor(at: string) {
    this.#at = at;
  }

  /** `target` is a host and a port; `more` are further options. */
  static async scraping(target: string, more: readonly string[] = []): Promise<Prometheus> {
    const cwd = temporaryDirectory({ 'prometheus.yml': configuration(target) });
    const args = [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      '--web.listen-address=127.0.0.1:0',
      ...more,
    ];
    const child = spawn('prometheus', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    let log = '';
    const port = await new Promise<string>((resolve, reject) => {
      child.once('error', reject).once('close', () => reject(new Error(`prometheus ended:\n${log}`)));
      child.stderr.setEncoding('utf8').on('data', (text) => {
        log += text;
        const [, found] = /msg="Listening on" address=127\.0\.0\.1:(\d+)/.exec(log) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    return new Prometheus(`http://127.0.0.1:${port}`);
  }

  /** The instant vector of a query; throws what Prometheus says against it. */
  async query(text: string): Promise<readonly PrometheusSample[]> {
    const { status, body } = await get(this.#at, `/api/v1/query?query=${encodeURIComponent(text)}`);
    if (status !== 200) throw new Error(`${text}: ${body}`);
    return JSON.parse(body).data.result;
  }

  /** The exemplars of a query, from `--enable-feature=exemplar-storage`. */
  async exemplars(text: string): Promise<readonly PrometheusExemplar[]> {
    const now = Date.now() / 1000;
    const query = new URLSearchParams({ query: text, start: `${now - 3600}`, end: `${now + 60}` });
    const { status, body } = await get(this.#at, `/api/v1/query_exemplars?${query}`);
    if (status !== 200) throw new Error(`${text}: ${body}`);
    return JSON.parse(body).data.flatMap(
      ({ seriesLabels, exemplars }: { seriesLabels: object; exemplars: object[] }) =>
        exemplars.map((exemplar) => ({ ...exemplar, seriesLabels })),
    );
  }

  /** The value of a query that has one sample; undefined where it has none yet. */
  async value(text: string): Promise<number | undefined> {
    const [first] = await this.query(text);
    return first && Number(first.value[1]);
  }

  /** Waits until the query has a result. */
  async until(text: string): Promise<readonly PrometheusSample[]> {
    const deadline = performance.now() + deadlineMs();
    for (;;) {
      const found = await this.query(text).catch(() => []);
      if (found.length > 0) return found;
      if (performance.now() > deadline) throw new Error(`Prometheus has no result for ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function configuration(target: string): string {
  return `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: tsunicorn, static_configs: [{targets: ['${target}']}]}]
`;
}
