import { debianSubjects } from './debian.ts';
import { nodeSubjects } from './node-peers.ts';
import { ourSubjects } from './ours.ts';
import type { Subject } from './subject.ts';

/** Everything that is operated on, ours first. */
export function subjects(): readonly Subject[] {
  return [...ourSubjects(), ...nodeSubjects(), ...debianSubjects()];
}
