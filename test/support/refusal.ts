import { expect } from 'vitest';
import { run } from './command.ts';
import type { StartOptions } from './tsunicorn.ts';

export interface RefusalOptions extends StartOptions {
  /** 1 where it does not say otherwise. */
  readonly status?: number;
}

/**
 * Runs the command, which must refuse: one line on stderr, with a code and nothing of our code in it, that exit status,
 * and nothing left behind. Resolves with the line, without the program's name and the code.
 */
export async function refusal(args: readonly string[], options: RefusalOptions = {}): Promise<string> {
  const { status = 1, ...how } = options;
  const outcome = await run(args, how);
  expect(outcome.lines, outcome.stderr).toHaveLength(1);
  expect(outcome).toMatchObject({ status, stdout: '', leftFiles: [], leftProcesses: [] });
  const [line = ''] = outcome.lines;
  expect(line).not.toMatch(/\/src\/|\/workers\/|node:internal/);
  expect(line).toMatch(/ \[TSU\d{4}\]$/);
  return line.replace(/^tsunicorn: /, '').replace(/ \[TSU\d{4}\]$/, '');
}
