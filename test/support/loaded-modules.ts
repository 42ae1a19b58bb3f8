import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { built } from './tsunicorn.ts';

/** The sources, such as `src/context/host.ts`, that those files of the build are made of; others are not ours. */
export function modulesOf(urls: readonly string[]): readonly string[] {
  return urls
    .filter((url) => url.startsWith('file:') && fileURLToPath(url).startsWith(`${built}/`))
    .flatMap((url) => {
      const text = readFileSync(fileURLToPath(url), 'utf8');
      return [...text.matchAll(/^\/\/ ((?:bin|src|workers)\/\S+\.ts)$/gm)].map(([, name = '']) => name);
    });
}
