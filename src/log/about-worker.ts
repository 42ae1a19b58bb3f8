import type { WorkerField } from './records/record.ts';

/** The fields of a record about a worker; a `pid` of 0 means that no process could be started. */
export function aboutWorker(worker: {
  readonly pid: number;
  readonly slot: number | null;
  readonly age: number;
  readonly generation: number;
}): { readonly pid?: number; readonly worker: WorkerField } {
  const { pid, slot, age, generation } = worker;
  if (pid === 0) return { worker: { pid: null, slot, age, generation } };
  return { pid, worker: { pid, slot, age, generation } };
}
