import { readdirSync, readFileSync } from 'node:fs';

/** The variable by which what tests start is known, whatever has become of its parents. */
export const MARK = 'TEST_RUN';

/** The processes that were started with MARK set to `value`, as /proc has them; empty on other systems. */
export function markedWith(value: string): readonly number[] {
  return processes().filter((pid) => environmentOf(pid).includes(`${MARK}=${value}`));
}

function processes(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // There is no /proc.
    return [];
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended, or is another user's.
    return [];
  }
}
