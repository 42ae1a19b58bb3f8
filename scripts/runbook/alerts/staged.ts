import { setTimeout as pause } from 'node:timers/promises';
import { Draw } from '../draw.ts';
import { freePort, open } from '../open.ts';
import type { Scenario, Staging } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Firing, Prometheus } from './prometheus.ts';

const LOOK_MS = 200;
/** Beside the windows and the `for` of the rule: until the next scrapes, on a machine that is busy. */
const PATIENCE_MS = 20_000;
const NOTICED_MS = 300;
/** Scrapes before the failure: a rate needs what was before. */
const BEFORE = 4;

/** Makes a failure until its alert fires. Throws where it has not in time. */
export async function alerted(
  scenario: Scenario,
  prometheus: Prometheus,
  scrapeMs: number,
  seed: number | null,
): Promise<{ readonly firing: Firing; readonly afterMs: number }> {
  const { title, alert } = scenario;
  const draw = new Draw(seed, title);
  const staging = scenario.make(draw);
  const stage = await open(staging, draw, await freePort());
  try {
    prometheus.scrape(title, stage.target ?? '');
    await scraped(prometheus, stage.target ?? '');
    await pause(BEFORE * scrapeMs);
    const startMs = performance.now();
    const ended = new AbortController();
    const provoked = again(scenario, staging, stage, ended.signal);
    try {
      const firing = await fired(prometheus, title, alert ?? '', startMs);
      return { firing, afterMs: Math.round(performance.now() - startMs) };
    } finally {
      ended.abort();
      await provoked;
    }
  } finally {
    prometheus.forget(title);
    await stage.close();
  }
}

/** As often as the alert wants it. Between them the service has time to come back. */
async function again(
  { alertAfter = 1 }: Scenario,
  staging: Staging,
  stage: Stage,
  signal: AbortSignal,
): Promise<void> {
  for (let times = 0; times < alertAfter && !signal.aborted; times++) {
    // What was done before is noticed a moment later.
    if (times > 0) await pause(NOTICED_MS);
    if (times > 0) await Promise.race([stage.served().catch(() => {}), pause(3000)]);
    await staging.provoke(stage);
  }
}

async function scraped(prometheus: Prometheus, target: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while ((await prometheus.query(`up{instance="${target}"} == 1`)).length === 0) {
    if (performance.now() > endMs) throw new Error(`Prometheus does not scrape ${target}`);
    await pause(LOOK_MS);
  }
}

async function fired(prometheus: Prometheus, stage: string, alert: string, startMs: number): Promise<Firing> {
  const endMs = startMs + prometheus.longestForMs + PATIENCE_MS;
  for (;;) {
    const firing = (await prometheus.firing()).filter((one) => one.stage === stage);
    const found = firing.find((one) => one.alert === alert);
    if (found !== undefined) return found;
    if (performance.now() > endMs)
      throw new Error(
        `${alert} does not fire; these do: ${firing.map((one) => one.alert).join(', ') || 'none'}`,
      );
    await pause(LOOK_MS);
  }
}
