import { listOf } from '../compound-kinds.ts';
import { boolean, scalar } from '../kinds.ts';
import { type Kind, setting } from '../setting.ts';

const noGlobs: readonly string[] = [];

/** What helps while an application is being written. */
export const development = {
  reload: setting({
    doc: 'Reload when a file that the application has loaded, or the configuration file, changes. For development only: the old workers retire all at once, and if the application does not load, the service waits for a change instead of ending.',
    flags: '--reload',
    kind: boolean(),
    default: false,
    restart: true,
  }),
  reloadExtraFile: setting({
    doc: 'A file, a directory or a glob such as `templates/**/*.html` to watch with `reload`, in addition to what the application loads. It is relative to `chdir` and may be repeated.',
    flags: '--reload-extra-file',
    kind: listOf(glob(), 0),
    default: noGlobs,
    needs: { anyOf: ['reload'] },
  }),
  debug: setting({
    doc: 'Answer a failed request with the error, its stack and the source line. With `reload`, also answer every request with the error while the application does not load. For development only, since it shows the source code to anyone: it is refused if `NODE_ENV` is `production`.',
    flags: '--debug',
    kind: boolean(),
    default: false,
  }),
};

function glob(): Kind<string> {
  const read = (value: unknown) => (typeof value === 'string' && isGlob(value) ? value : undefined);
  return scalar({
    placeholder: 'glob',
    expected: 'a path or a glob such as templates/**/*.html, its brackets closed',
    readText: read,
    readValue: read,
  });
}

// minimatch, on which Node's matchesGlob() is built, accepts no longer one.
const MAX_LENGTH = 65_536;
const CLOSERS: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

// Node itself reads an unclosed bracket as an ordinary character, and finds nothing.
function isGlob(text: string): boolean {
  if (text.trim() === '' || text.includes('\0') || text.length > MAX_LENGTH) return false;
  const open: string[] = [];
  for (const [char] of text.matchAll(/\\.|[[\]{}]/gs)) {
    // Within a class, brackets of the other kind stand for themselves.
    if (open.at(-1) === ']' && char !== ']') continue;
    const closer = CLOSERS[char];
    if (closer !== undefined) open.push(closer);
    else if (char === open.at(-1)) open.pop();
    else if (char === '}') return false;
  }
  return open.length === 0;
}
