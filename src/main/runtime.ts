/** The floor in package.json's `engines`: every API that is built on is public from there. */
const FLOOR: ReadonlyArray<readonly [major: number, minor: number]> = [
  [24, 20],
  [26, 7],
];

/** One line that says what is needed and what was found, or null where `version` (as in process.versions.node) is enough. */
export function refuseOldNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [, newest] = FLOOR;
  const line = FLOOR.find(([of]) => of === major);
  const enough = line === undefined ? newest !== undefined && major > newest[0] : minor >= line[1];
  if (enough) return null;
  return `tsunicorn: it needs Node.js 24.20 or newer of that line, or 26.7 or newer; this is ${version}; "npm install node@26" brings one into the project, which npx and npm run use`;
}
