import type { BootFailure } from '../../src/process/ipc/loading.ts';
import { EXIT } from '../../src/support/errors.ts';
import { isOwnFile } from '../../src/support/own-files.ts';
import { frameOf } from '../../src/support/stack-frames.ts';

/**
 * Why a program that exits before it is ready cannot be served. To be called while `process.exit()` runs; `listened` is
 * what it has listened on.
 */
export function explainExit(name: string, status: number, listened: string): BootFailure {
  const frames = (new Error().stack ?? '').split('\n').flatMap((line) => frameOf(line) ?? []);
  const theirs = frames.filter(({ file }) => !isOwnFile(file));
  const place = theirs.find(({ file }) => !file.includes('/node_modules/')) ?? theirs[0];
  const where = place === undefined ? '' : `: it called process.exit() at ${place.file}:${place.line}`;
  const message = `${name}: the program exited with status ${status} before it was ready${where}${listened}; let it run on until an HTTP server listens`;
  return { exitStatus: EXIT.workerBoot, message, code: 'TSU0602' };
}
