import { resolve } from 'node:path';
import { parseSpec } from '../../src/app/spec.ts';
import type { BootFailure } from '../../src/process/ipc/loading.ts';
import type { Served } from '../../src/settings/mounts.ts';
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

/** Reports where the own modules of the applications may be put, as far as they were never found. */
export function missedApplications(graph: ModuleGraph, { app, mount }: Served): void {
  for (const spec of [...(app === null ? [] : [app]), ...Object.values(mount)]) missedModule(graph, spec);
}

function missedModule(graph: ModuleGraph, spec: string): void {
  try {
    const variants = variantsOf(resolve(parseSpec(spec).module));
    if (!variants.some((file) => graph.files.has(file))) graph.missed(variants);
  } catch {
    // It is not the name of a module: no file can mend it.
  }
}
