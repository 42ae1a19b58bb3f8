import { userInfo } from 'node:os';
import { fs } from '../support/builtins.ts';
import { codeOf, messageOf, UsageError } from '../support/errors.ts';

/** A file that a setting names; `source` is how the operator named it. */
export interface NamedFile {
  readonly source: string;
  readonly path: string;
}

/** No file of this kind is larger; a device or a pipe would be read for ever. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The content of a file. Throws a UsageError that says who cannot read it. */
export function readBytes(file: NamedFile): Buffer {
  try {
    const stat = fs.statSync(file.path);
    if (!stat.isFile()) throw refusal(file, 'it is not a file; name the file itself');
    if (stat.size > MOST_BYTES) throw refusal(file, 'it is larger than 8 MB; is it the right file?');
    return fs.readFileSync(file.path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refusal(file, whyUnread(error));
  }
}

/** An error about a file, as one line. */
export function refusal({ source, path }: NamedFile, what: string): UsageError {
  return new UsageError(`${source} ${path}: ${what}`);
}

function whyUnread(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file; correct the path, or create it';
    case 'EACCES':
    case 'EPERM':
      return `${whoAmI()} may not read it, as whom the arbiter runs; let that user read it and enter its directories, or start tsunicorn as root with --user`;
    default:
      return `it cannot be read (${messageOf(error)})`;
  }
}

function whoAmI(): string {
  const uid = process.geteuid?.();
  try {
    return `the user ${userInfo().username} (${uid})`;
  } catch {
    // The user has no entry in /etc/passwd.
    return `the user ${uid}`;
  }
}
