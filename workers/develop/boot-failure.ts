import { resolve } from 'node:path';
import { parseSpec } from '../../src/app/spec.ts';
import type { BootFailure } from '../../src/process/ipc.ts';
import { messageOf } from '../../src/support/errors.ts';
import { parsedPlace, placeOf, searchSyntaxError } from '../../src/support/place.ts';
import { type ModuleGraph, variantsOf } from './module-graph.ts';

/**
 * Finds where in the user's code a boot failed. `error` is what was thrown, `failure` what is to be said of it, `files`
 * those that were loaded.
 */
export function locateFailure(failure: BootFailure, error: unknown, files: Iterable<string>): BootFailure {
  const { stack, ...rest } = failure;
  if (failure.place !== undefined) return failure;
  const parsed = stack === undefined ? null : parsedPlace(stack);
  // Its stack has the same place and nothing else.
  if (parsed !== null) return { ...rest, place: parsed };
  const place = stack === undefined ? null : placeOf(stack);
  if (place !== null) return { ...failure, place };
  const cause = error instanceof Error ? error.cause : undefined;
  const found = cause instanceof SyntaxError ? searchSyntaxError(files) : null;
  if (found === null) return failure;
  const { file, line } = found;
  return { ...rest, message: `${file}:${line} has a syntax error: ${messageOf(cause)}`, place: found };
}

/** Reports where the application's own module may be put, if it was never found. */
export function missedApplication(graph: ModuleGraph, app: string | null): void {
  if (graph.files.size > 0 || app === null) return;
  try {
    graph.missed(variantsOf(resolve(parseSpec(app).module)));
  } catch {
    // It is not the name of a module: no file can mend it.
  }
}
