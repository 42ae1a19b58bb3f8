import type { Verb } from './verb.ts';
import { ls } from './verbs/ls.ts';
import { status } from './verbs/status.ts';

/** Every command of tsunicornctl, in the order of the help. */
export const verbs: readonly Verb[] = [ls, status];
