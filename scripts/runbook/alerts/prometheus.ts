import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { undoAtExit } from '../../../test/support/left-behind.ts';
import { endMembers } from '../../../test/support/members.ts';
import { inMs, longestFor, shorten } from './shorten.ts';

const RULES = fileURLToPath(new URL('../../../deploy/prometheus/rules.yml', import.meta.url));
/** How often is scraped in a time that passes as it does. */
const SCRAPE_MS = 15_000;

/** An alert that fires. */
export interface Firing {
  readonly alert: string;
  /** Of what it fires, as the stage was named when it was added. */
  readonly stage: string;
  readonly summary: string;
}

/** Why no Prometheus can be started here; null where one can. */
export function prometheusMissing(): string | null {
  const found = spawnSync('prometheus', ['--version'], { stdio: 'ignore' });
  return found.error === undefined ? null : 'prometheus is not installed';
}

/** A real Prometheus with the rules that ship, in a time that passes `times` times faster. Ended by `close()`. */
export class Prometheus {
  /** In milliseconds, of this time. */
  readonly longestForMs: number;
  readonly #cwd: string;
  readonly #child: ChildProcess;
  readonly #targets = new Map<string, string>();
  readonly #isRemoved: () => void;
  #at = '';

  constructor(times: number) {
    const rules = readFileSync(RULES, 'utf8');
    this.longestForMs = longestFor(rules) / times;
    this.#cwd = mkdtempSync(join(tmpdir(), 'runbook-prometheus-'));
    this.#isRemoved = undoAtExit(() => this.#remove());
    this.#write('rules.yml', shorten(rules, times));
    this.#write('prometheus.yml', configuration(SCRAPE_MS / times));
    this.#write('targets.json', '[]');
    const args = [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      '--web.listen-address=127.0.0.1:0',
    ];
    this.#child = spawn('prometheus', args, { cwd: this.#cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** Resolves when it answers. */
  async started(): Promise<void> {
    let log = '';
    const port = await new Promise<string>((resolve, reject) => {
      this.#child
        .once('error', reject)
        .once('close', () => reject(new Error(`prometheus has ended:\n${log}`)));
      this.#child.stderr?.setEncoding('utf8').on('data', (text) => {
        log += text;
        const [, found] = /msg="Listening on" address=127\.0\.0\.1:(\d+)/.exec(log) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    this.#at = `http://127.0.0.1:${port}`;
  }

  /** Scrapes a service from now on; `target` is a host and a port. */
  scrape(stage: string, target: string): void {
    this.#targets.set(stage, target);
    this.#tell();
  }

  forget(stage: string): void {
    this.#targets.delete(stage);
    this.#tell();
  }

  /** The alerts that fire now. */
  async firing(): Promise<readonly Firing[]> {
    const { alerts } = await this.#get<{ readonly alerts: readonly ApiAlert[] }>('/api/v1/alerts');
    return alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels, annotations }) => ({
        ...{
          alert: labels.alertname ?? '',
          stage: this.#stageOf(labels.instance),
          summary: annotations.summary ?? '',
        },
      }));
  }

  /** The values of an instant query, by the labels of each. */
  async query(text: string): Promise<readonly ApiSample[]> {
    const { result } = await this.#get<{ readonly result: readonly ApiSample[] }>(
      `/api/v1/query?query=${encodeURIComponent(text)}`,
    );
    return result;
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    this.#remove();
    this.#isRemoved();
  }

  #remove(): void {
    endMembers(this.#cwd);
    rmSync(this.#cwd, { recursive: true, force: true });
  }

  async #get<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.#at}${path}`);
    const body = (await response.json()) as { readonly data: Data; readonly error?: string };
    if (!response.ok) throw new Error(`${path}: ${body.error}`);
    return body.data;
  }

  #stageOf(instance: string | undefined): string {
    return [...this.#targets].find(([, target]) => target === instance)?.[0] ?? '';
  }

  #tell(): void {
    const groups = [...this.#targets.values()].map((target) => ({ targets: [target] }));
    // It looks whenever the file changes: it must never see half of it.
    this.#write('targets.new', JSON.stringify(groups));
    renameSync(join(this.#cwd, 'targets.new'), join(this.#cwd, 'targets.json'));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#cwd, name), text);
  }
}

interface ApiAlert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface ApiSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
}

function configuration(scrapeMs: number): string {
  const every = inMs(scrapeMs);
  return `global: {scrape_interval: ${every}, scrape_timeout: ${every}, evaluation_interval: ${every}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: tsunicorn
    file_sd_configs: [{files: [targets.json], refresh_interval: 5s}]
`;
}
