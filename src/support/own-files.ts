import { fileURLToPath } from 'node:url';

/** The URL of the folder that holds our `src` and `workers`: of the checkout, or of the build. It ends with a slash. */
export const OWN_URL = new URL('../../', import.meta.url).href;

/** The path of that folder. */
export const OWN_FOLDER = fileURLToPath(OWN_URL);

/** `.ts` where the sources run as they are, `.js` in the build. */
export const OWN_EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** The path of one of our files, by its name without extension, such as `workers/entry`. */
export function ownFile(name: string): string {
  return `${OWN_FOLDER}${name}${OWN_EXTENSION}`;
}

/** Whether the file is a part of this server. */
export function isOwnFile(path: string): boolean {
  return path.startsWith(OWN_FOLDER) && /^(?:bin|src|workers)\//.test(path.slice(OWN_FOLDER.length));
}
