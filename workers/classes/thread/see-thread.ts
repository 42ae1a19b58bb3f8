import { messageOf } from '../../../src/support/errors.ts';
import type { Inspection, ThreadInspector } from './inspect-thread.ts';

/** Sees what a thread of this process is doing, by its threadId; takes a second or two at most, and never rejects. */
export type See = (threadId: number) => Promise<Inspection>;

/** Looks at each thread once at a time. Most workers never need the inspector: it is loaded with the first look. */
export function seeLazily(): See {
  let inspector: Promise<ThreadInspector> | null = null;
  const looks = new Map<number, Promise<Inspection>>();
  const look = async (threadId: number): Promise<Inspection> => {
    await looks.get(threadId);
    try {
      inspector ??= import('./inspect-thread.ts').then(({ ThreadInspector }) => new ThreadInspector());
      return await (await inspector).see(threadId);
    } catch (error) {
      // The installation may be gone.
      return { what: 'unseen', why: messageOf(error) };
    }
  };
  return async (threadId) => {
    const inspection = look(threadId);
    looks.set(threadId, inspection);
    try {
      return await inspection;
    } finally {
      if (looks.get(threadId) === inspection) looks.delete(threadId);
    }
  };
}
