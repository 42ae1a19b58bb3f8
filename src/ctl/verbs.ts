import type { Verb } from './verb.ts';
import { changes } from './verbs/changes.ts';
import { completionOf } from './verbs/completion.ts';
import { doctor } from './verbs/doctor.ts';
import { events } from './verbs/events.ts';
import { heap } from './verbs/heap.ts';
import { logs } from './verbs/logs.ts';
import { ls } from './verbs/ls.ts';
import { profile } from './verbs/profile.ts';
import { roll } from './verbs/roll.ts';
import { config, set } from './verbs/settings.ts';
import { stack } from './verbs/stack.ts';
import { status } from './verbs/status.ts';
import { top } from './verbs/top.ts';
import { describe, requests, workers } from './verbs/workers.ts';

/** Every command of tsunicornctl, in the order of the help. */
export const verbs: readonly Verb[] = [
  ...[ls, status, doctor, top, workers, describe, requests, events, logs, stack, profile, heap, config, set],
  ...changes,
  roll,
  completionOf(() => verbs),
];
