import { join } from 'node:path';
import { fs } from '../support/builtins.ts';

const NAMES = ['server', 'app', 'index', 'main', 'src/server', 'src/app', 'src/index', 'src/main'];
const ENDINGS = ['.ts', '.mts', '.js', '.mjs', '.cjs'];
const FOREIGN = [
  'ecosystem.config.cjs',
  'ecosystem.config.js',
  'ecosystem.config.mjs',
  'ecosystem.config.json',
  'Procfile',
];

/** What to write where no application was named, by what is in the directory; `verb` goes before the application. */
export function nextStep(directory: string, verb = ''): string {
  const programs = [mainOf(directory), ...NAMES.flatMap((name) => ENDINGS.map((ending) => name + ending))];
  const program = programs.find((file) => file !== null && isFile(directory, file));
  const foreign = FOREIGN.find((file) => isFile(directory, file));
  const steps = [
    ...(program ? [`tsunicorn ${verb}${program}`] : []),
    ...(foreign === undefined ? [] : [`tsunicorn import ${foreign}`]),
  ];
  return steps.length === 0
    ? `no application was named; write for example: tsunicorn ${verb}app.ts:app`
    : `no application was named; write here: ${steps.join(', or ')}`;
}

function mainOf(directory: string): string | null {
  try {
    const { main } = JSON.parse(fs.readFileSync(join(directory, 'package.json'), 'utf8'));
    return typeof main === 'string' ? main : null;
  } catch {
    // There is none, or it is not JSON.
    return null;
  }
}

function isFile(directory: string, file: string): boolean {
  return fs.statSync(join(directory, file), { throwIfNoEntry: false })?.isFile() === true;
}
