const YEAR_S = 31_536_000;

/** Any part of a name but the first, which a dot or a hyphen or an underscore precedes, before the ending. */
const PARTS = /(?<=[.\-_])[A-Za-z0-9]{8,}(?=\.)/g;
const CODE = /\.(?:m?js|css|map)(?:\.map)?$/;

/**
 * Whether a name has a fingerprint of what is in the file, as bundlers give it: at least eight hexadecimal digits with a
 * letter and a number among them (`app.3f9a8c2b.js`), or exactly eight letters and digits that no word or number is made
 * of: upper and lower case mixed (`index-BzL3kX9q.js`), or, in scripts and styles, upper case with numbers
 * (`main-5ZJQXK4A.js`). A fingerprint that is taken for a word costs a question of the client's; a word that is taken for
 * a fingerprint would be stale for a year.
 */
export function hasFingerprint(name: string): boolean {
  for (const [part] of name.matchAll(PARTS)) {
    const hasNumber = /\d/.test(part);
    if (hasNumber && /^[0-9a-f]+$/.test(part) && /[a-f]/.test(part)) return true;
    if (part.length !== 8) continue;
    const rises = part.match(/[a-z0-9][A-Z]/g)?.length ?? 0;
    if (/[a-z]/.test(part) && /[A-Z]/.test(part) && (rises >= 2 || (hasNumber && rises >= 1))) return true;
    if (hasNumber && CODE.test(name) && /^(?=.*[A-Z].*[0-9].*[A-Z])[A-Z0-9]+$/.test(part)) return true;
  }
  return false;
}

/** For how long clients and proxies may keep a file. */
export function cacheControlOf(name: string, maxAgeS: number): string {
  return hasFingerprint(name) ? `public, max-age=${YEAR_S}, immutable` : `public, max-age=${maxAgeS}`;
}
