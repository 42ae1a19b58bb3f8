import { type ByPath, byPath } from '../by-path.ts';
import { listOf } from '../compound-kinds.ts';
import { boolean, integer, path } from '../kinds.ts';
import { setting } from '../setting.ts';

const nothing: ByPath = {};
const noPaths: readonly string[] = [];
const directories = (object: string) => byPath({ value: 'directory', example: '/assets=public', object });

/** Files that are served without the application. */
export const files = {
  static: setting({
    doc: 'Serve the files of a directory, as `/path=directory`: GET and HEAD below `/path` are answered from there before the application sees them ([static.md](static.md)). It may be repeated; the longest path counts. A relative directory is looked for in `chdir`.',
    flags: '--static',
    kind: directories("an object of paths and directories, such as { '/assets': 'public' }"),
    default: nothing,
    defaultText: 'none',
  }),
  staticFallthrough: setting({
    doc: 'Let the application answer what is below a path of `static` and is no file there, and what is neither GET nor HEAD. Otherwise that is answered with 404 and 405.',
    flags: '--static-fallthrough',
    kind: boolean(),
    default: false,
    needs: { anyOf: ['static'] },
  }),
  staticMaxAge: setting({
    doc: 'For how many seconds clients and proxies may keep a file of `static` without asking again (`Cache-Control: public, max-age=…`). Names with a fingerprint, such as `app.3f9a8c2b.js`, are always for a year and `immutable`.',
    flags: '--static-max-age',
    kind: integer({ min: 0, max: 31_536_000, placeholder: 'seconds' }),
    default: 0,
    needs: { anyOf: ['static'] },
  }),
  sendfileRoot: setting({
    doc: 'A directory from which the application may have files sent, by answering with `X-Sendfile: /absolute/path` ([static.md](static.md#x-sendfile)). It may be repeated.',
    flags: '--sendfile-root',
    kind: listOf(path('directory'), 0),
    default: noPaths,
    defaultText: 'none: the header is left as it is',
  }),
  accelRedirect: setting({
    doc: 'Where the files are that the application asks for with `X-Accel-Redirect: /internal/…`, as `/internal=directory` ([static.md](static.md#x-sendfile)). It may be repeated; the longest path counts.',
    flags: '--accel-redirect',
    kind: directories("an object of paths and directories, such as { '/internal': 'private' }"),
    default: nothing,
    defaultText: 'none: the header is left as it is',
  }),
};
