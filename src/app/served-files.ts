import type { Served } from '../settings/mounts.ts';
import { applicationFile } from './resolve.ts';

/** The files, without links, that the applications are loaded from, as far as there are such. */
export function servedFiles({ app, mount }: Served, cwd: string): readonly string[] {
  return [...(app === null ? [] : [app]), ...Object.values(mount)].flatMap(
    (text) => applicationFile(text, cwd) ?? [],
  );
}
