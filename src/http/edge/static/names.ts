/** What the path of a request asks for below a directory. */
export interface Asked {
  /** Decoded, from the directory down. */
  readonly names: readonly string[];
  /** Whether it ends in a slash, and means the index of a directory. */
  readonly isDirectory: boolean;
}

/**
 * Reads the rest of a path below the one that a directory is served at: `''`, or a slash and more, as it was sent. It is
 * decoded once. Null where it can name no file that is served: a name that begins with a dot, `..` among them, an empty
 * one, and one that holds a slash, a backslash or NUL once it is decoded. `mayName` decides in place of that.
 */
export function readNames(rest: string, mayName: (name: string) => boolean = isServed): Asked | null {
  if (rest === '') return { names: [], isDirectory: false };
  const parts = rest.slice(1).split('/');
  const isDirectory = parts.at(-1) === '';
  if (isDirectory) parts.pop();
  const names: string[] = [];
  for (const part of parts) {
    const name = decoded(part);
    if (name === null || !mayName(name)) return null;
    names.push(name);
  }
  return { names, isDirectory };
}

/** Whether a name may be part of the path of a file that is served. */
export function isServed(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !/[/\\\0]/.test(name);
}

/** Whether a name may be part of a path that the application asks for: dotfiles are its own affair. */
export function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}

function decoded(part: string): string | null {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray percent sign, or bytes that are no UTF-8.
    return null;
  }
}
