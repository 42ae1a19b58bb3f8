/** The value of the promise, or 'late' where it has none within `ms`; what it rejects with is passed on. */
export function within<Value>(ms: number, promise: Promise<Value>): Promise<Value | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  // If this thread was held up itself, the answer may be here already, unread.
  const timer = setTimeout(() => setImmediate(resolve, 'late'), ms);
  // It may reject later, when nobody waits for it any more.
  promise.catch(() => {});
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
