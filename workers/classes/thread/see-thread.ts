import { messageOf } from '../../../src/support/errors.ts';
import type { Sight, ThreadInspector } from './inspect-thread.ts';

/** Sees what a thread of this process is doing, by its threadId; takes a second or two at most, and never rejects. */
export type See = (threadId: number) => Promise<Sight>;

/** Looks at each thread once at a time. Most workers never need the inspector: it is loaded with the first look. */
export function seeLazily(): See {
  let inspector: Promise<ThreadInspector> | null = null;
  const looks = new Map<number, Promise<Sight>>();
  const look = async (threadId: number): Promise<Sight> => {
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
    const sight = look(threadId);
    looks.set(threadId, sight);
    try {
      return await sight;
    } finally {
      if (looks.get(threadId) === sight) looks.delete(threadId);
    }
  };
}
