/** What a path to mount an application at may look like, for error lines. */
export const MOUNT_PATH = 'a path such as /api, without ? # % = and empty parts';

/**
 * The path as it begins the targets of requests, without a slash at its end: `''` for `/`, `/gr%C3%BCn` for `/grün`. Null
 * if no application can be mounted there.
 */
export function mountPathOf(text: string): string | null {
  if (text === '/') return '';
  const path = text.replace(/\/$/, '');
  // What a client would never send as it stands here, or would resolve before it sends it.
  if (!/^(?:\/[^/?#%=\\\s]+)+$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) return null;
  try {
    return encodeURI(path);
  } catch {
    // Half of a character.
    return null;
  }
}
