import { basename, resolve } from 'node:path';
import { fs } from '../support/builtins.ts';
import { UsageError } from '../support/errors.ts';
import type { Imported } from './imported.ts';
import { render } from './render.ts';

const USAGE =
  'write tsunicorn import ecosystem.config.cjs, tsunicorn import Procfile, or tsunicorn import "gunicorn app:app -w 4"';

/**
 * `tsunicorn import`: the configuration file that says the same as that of another process manager, with what is done
 * differently, or not at all, as comments. Rejects with a UsageError.
 */
export async function importFrom(words: readonly string[], cwd: string): Promise<string> {
  const given = words.join(' ');
  if (given === '') throw new UsageError(`import: what to import is missing; ${USAGE}`);
  return render(await read(given, words, cwd));
}

async function read(given: string, words: readonly string[], cwd: string): Promise<Imported> {
  const { importGunicorn, isGunicorn } = await import('./gunicorn.ts');
  if (isGunicorn(given)) {
    const { joinArguments } = await import('../settings/sources/split-arguments.ts');
    return importGunicorn(words.length === 1 ? given : joinArguments(words));
  }
  const [file = ''] = words;
  const path = resolve(cwd, file);
  if (words.length > 1)
    throw new UsageError(`import ${given}: expected one file or a command line; ${USAGE}`);
  if (!fs.existsSync(path)) throw new UsageError(`import ${file}: no such file; ${USAGE}`);
  if (/^Procfile/.test(basename(file))) {
    const { importProcfile } = await import('./procfile.ts');
    return importProcfile(fs.readFileSync(path, 'utf8'), basename(file));
  }
  if (/\.(?:[cm]?[jt]s|json|ya?ml)$/.test(file)) return (await import('./pm2.ts')).importPm2(file, cwd);
  throw new UsageError(`import ${file}: it is neither an ecosystem file of PM2 nor a Procfile; ${USAGE}`);
}
