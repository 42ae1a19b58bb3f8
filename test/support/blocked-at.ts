/**
 * Matches what is said of a blocked loop where these functions of a fixture, the innermost first, are on its stack. The
 * stack may have been taken in something that the first one calls.
 */
export function blockedAt(fixture: string, ...functions: readonly string[]): RegExp {
  const file = fixture.replaceAll('.', '\\.');
  const frames = functions.map((name) => ` +at ${name} \\(.*${file}:\\d+:\\d+\\)\\n`);
  return new RegExp(`blocked at:\\n(?: +at .*\\n)*${frames.join('')}`);
}
