import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fs } from './builtins.ts';

// What V8 says of an ES module that Node took for CommonJS.
const TELLTALES = [
  'Cannot use import statement outside a module',
  "Cannot use 'import.meta' outside a module",
  "Unexpected token 'export'",
];

const ES_ENDINGS: Readonly<Record<string, string>> = { '.ts': '.mts', '.cts': '.mts' };

/**
 * Where Node refused `file` (absolute) only because it took it for CommonJS: why it did and what to write instead, to
 * stand behind the place. Null for every other error. `npm init` writes "type": "commonjs", so that first applications
 * meet this.
 */
export function esModuleCure(thrown: SyntaxError, file: string): string | null {
  if (!TELLTALES.some((telltale) => thrown.message.startsWith(telltale)) || !fs.existsSync(file)) return null;
  const ending = extname(file);
  const name = `${basename(file, ending)}${ES_ENDINGS[ending] ?? '.mjs'}`;
  const said = 'is written as an ES module, and';
  if (ending === '.cjs' || ending === '.cts') return `${said} its name says that it is none; name it ${name}`;
  const { findPackageJSON } = process.getBuiltinModule('node:module');
  const manifest = findPackageJSON(pathToFileURL(file)) ?? 'its package.json';
  return `${said} ${manifest} says "type": "commonjs"; write "type": "module" there, or name the file ${name}`;
}
