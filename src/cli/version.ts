import { fs } from '../builtins.ts';

/** tsunicorn's own version, from the nearest package.json above: the sources and the build lie at different depths. */
export function packageVersion(): string {
  for (let url = new URL('../../package.json', import.meta.url); ; url = new URL('../package.json', url)) {
    try {
      const { name, version } = JSON.parse(fs.readFileSync(url, 'utf8'));
      if (name === 'tsunicorn') return version;
    } catch {
      // Not at this depth.
    }
    if (url.pathname === '/package.json') return 'unknown';
  }
}
