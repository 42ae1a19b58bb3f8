/**
 * The first header of this name, in lower case. By the raw headers: to ask Node for the others makes it parse them all.
 * Few names have the same length and the same first letter.
 */
export function rawHeaderOf(rawHeaders: readonly string[] | undefined, name: string): string | null {
  if (rawHeaders === undefined) return null;
  const { length } = name;
  const first = name.charCodeAt(0);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const one = rawHeaders[at] ?? '';
    if (one.length === length && (one.charCodeAt(0) | 0x20) === first && one.toLowerCase() === name)
      return rawHeaders[at + 1] ?? null;
  }
  return null;
}
