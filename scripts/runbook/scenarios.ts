import type { Scenario } from './scenario.ts';
import { computing } from './scenarios/computing.ts';
import { deaths } from './scenarios/deaths.ts';
import { deploys } from './scenarios/deploys.ts';
import { limits } from './scenarios/limits.ts';
import { machine } from './scenarios/machine.ts';
import { waiting } from './scenarios/waiting.ts';

/** Failures that a service may have, as a person on call meets them. */
export const SCENARIOS: readonly Scenario[] = [
  ...computing,
  ...deaths,
  ...waiting,
  ...deploys,
  ...limits,
  ...machine,
];
