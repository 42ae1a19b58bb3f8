import { dirname, join } from 'node:path';
import { fs } from '../support/builtins.ts';

/** What to do where an application is in TypeScript that Node's type stripping cannot run. */
export const LOADER_CURE =
  "run it with a loader: npm install tsx, and add --env 'NODE_OPTIONS=--import tsx' (docs/typescript.md of tsunicorn); or build it to JavaScript first";

const TYPESCRIPT = /\.[cm]?tsx?$/;

/** Whether the parser failed in that line of a TypeScript file because of a decorator, which Node does not support. */
export function isDecorated(file: string, line: number): boolean {
  if (!TYPESCRIPT.test(file)) return false;
  try {
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    return /(?:^|[\s(,{])@[\w$(]/.test(lines[line - 1] ?? '');
  } catch {
    // It has changed or gone since it was parsed.
    return false;
  }
}

/** Whether V8's message about a TypeScript module, which has no place, is that for a decorator. */
export function mayBeDecorator(file: string, { message }: SyntaxError): boolean {
  return TYPESCRIPT.test(file) && message === 'Invalid or unexpected token';
}

/**
 * The tsconfig.json whose `paths` give the specifier of an import another meaning, which Node does not know; null where
 * none does. Comments are allowed in that file, so it is searched rather than parsed.
 */
export function aliasingConfig(specifier: string, importer: string): string | null {
  if (!TYPESCRIPT.test(importer)) return null;
  for (let directory = dirname(importer); ; directory = dirname(directory)) {
    const file = join(directory, 'tsconfig.json');
    if (fs.existsSync(file)) return hasAlias(file, specifier) ? file : null;
    if (directory === dirname(directory)) return null;
  }
}

function hasAlias(file: string, specifier: string): boolean {
  const [, paths = ''] = /"paths"\s*:\s*\{([^}]*)\}/.exec(textOf(file)) ?? [];
  return [...paths.matchAll(/"([^"]+)"\s*:\s*\[/g)].some(([, key = '']) =>
    key.endsWith('*') ? specifier.startsWith(key.slice(0, -1)) : specifier === key,
  );
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // It cannot be read, and so says nothing.
    return '';
  }
}
