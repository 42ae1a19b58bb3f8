import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fs } from '../support/builtins.ts';
import { OWN_EXTENSION, OWN_URL } from '../support/own-files.ts';
import { type Installation, ownInstallation } from './installation.ts';

/**
 * Lets this process import what is missing of its own files from another installation of the same version, as if they
 * still lay where they were: what was loaded before is not loaded twice. Returns what ends it.
 */
export function importFrom(installation: Installation): () => void {
  if (installation === ownInstallation) return () => {};
  const other = pathToFileURL(installation).href;
  const format = OWN_EXTENSION === '.ts' ? 'module-typescript' : 'module';
  const isOurs = (url: string) => url.startsWith(OWN_URL);
  const moved = (url: string) => other + url.slice(OWN_URL.length);
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const { parentURL = '' } = context;
      if (!isOurs(parentURL)) return next(specifier, context);
      if (specifier.startsWith('.') && specifier.endsWith(OWN_EXTENSION))
        return { url: new URL(specifier, parentURL).href, format, shortCircuit: true };
      try {
        return next(specifier, context);
      } catch {
        // Our packages are gone with us.
        return next(specifier, { ...context, parentURL: moved(parentURL) });
      }
    },
    load(url, context, next) {
      const isGone = isOurs(url) && !fs.existsSync(fileURLToPath(url));
      return next(isGone ? moved(url) : url, context);
    },
  });
  return () => hooks.deregister();
}
