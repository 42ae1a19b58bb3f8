import { Draw } from './draw.ts';
import { type Observed, observe } from './observe.ts';
import { argumentsOf, open } from './open.ts';
import type { Scenario } from './scenario.ts';

/** Failures that are made one after the other at one service. */
export interface Scene {
  readonly scenarios: readonly Scenario[];
  readonly draw: Draw;
}

/** What a failure showed, or why it was not named. */
export type Outcome =
  | { readonly scenario: Scenario; readonly how: string; readonly observed: Observed }
  | { readonly scenario: Scenario; readonly how: string; readonly error: string };

/** Each failure at a service of its own; with a seed in another order, and some at one service. */
export function scenesOf(scenarios: readonly Scenario[], seed: number | null): readonly Scene[] {
  const order = new Draw(seed, 'the order').shuffled(scenarios);
  const passes = order.filter(({ shares }) => shares === 'passes');
  const stays = order.filter(({ shares }) => shares === 'stays');
  const pairs =
    seed === null || scenarios.length < 2
      ? []
      : passes.slice(0, stays.length).map((one, index) => ({ one, other: stays[index] }));
  const together = pairs.flatMap(({ one, other }) => (other === undefined ? [] : [[one, other]]));
  const taken = new Set(together.flat());
  const alone = order.filter((one) => !taken.has(one)).map((one) => [one]);
  return new Draw(seed, 'the scenes').shuffled([...together, ...alone]).map((all) => ({
    scenarios: all,
    draw: new Draw(seed, all.map(({ title }) => title).join(', ')),
  }));
}

/** Plays a scene; hands over each outcome as it comes. */
export async function play(
  { scenarios, draw }: Scene,
  withinMs: number,
  heard: (outcome: Outcome) => void,
): Promise<void> {
  const all = scenarios.map((scenario) => ({ scenario, staging: scenario.make(draw) }));
  const [first] = all;
  if (first === undefined) return;
  const how = `${draw.program}: ${argumentsOf(first.staging, draw).join(' ')}`;
  const stage = await open(first.staging, draw);
  try {
    for (const { scenario, staging } of all) {
      try {
        if (scenario !== first.scenario) await stage.recovered();
        heard({ scenario, how, observed: await observe(staging, stage, withinMs) });
      } catch (error) {
        heard({ scenario, how, error: error instanceof Error ? error.message : String(error) });
      }
    }
  } finally {
    await stage.close();
  }
}
