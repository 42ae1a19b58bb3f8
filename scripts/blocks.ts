// Checks the code blocks of the documentation: types are checked, JSON is parsed, shells read them, and each command of
// ours is read as it would be when it is run. Blocks without a language are text.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMON_FLAGS, parseWords as parseControl, verbFirst } from '../src/ctl/parse.ts';
import { verbs } from '../src/ctl/verbs.ts';
import { parseArguments } from '../src/main/options.ts';
import { isTool } from '../src/main/verbs.ts';
import { splitArguments } from '../src/settings/sources/split-arguments.ts';
import { messageOf } from '../src/support/errors.ts';

const root = join(import.meta.dirname, '..');

/** A block of code, and where it begins: `docs/logs.md:12`. */
export interface Block {
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

/** Every block with a language in the pages of the repository. */
export function blocks(): readonly Block[] {
  const pages = globSync(['*.md', 'docs/**/*.md', 'create/*.md', '.github/**/*.md'], {
    cwd: root,
  }).toSorted();
  return pages.flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')));
}

/** The blocks of one page; those in a list are indented. */
export function blocksOf(page: string, text: string): readonly Block[] {
  const FENCE = /^( *)```(\w+)[^\n]*\n([\s\S]*?)^\1```$/gm;
  return [...text.matchAll(FENCE)].map(({ 1: indent = '', 2: language = '', 3: body = '', index }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** One line for each block in a shell or JSON that is wrong. */
export function wrongBlocks(all: readonly Block[]): readonly string[] {
  return all.flatMap(({ place, language, text }) => {
    try {
      if (language === 'json') JSON.parse(text);
      if (language === 'sh') checkShell(text);
      return [];
    } catch (error) {
      return [`${place}: ${messageOf(error)}`];
    }
  });
}

function checkShell(text: string): void {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.trim());
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  for (const line of lines) for (const command of commandsIn(line)) checkCommand(command);
}

/** The words of each command of ours in a line: what is behind a pipe, a redirection or a comment is left away. */
function commandsIn(line: string): readonly (readonly string[])[] {
  const found = line.matchAll(/(?:^|&& |\| |sudo )(?:npx )?(tsunicorn|tsunicornctl)(?= |$)([^#|>&\n]*)/g);
  return [...found].map(([, name = '', rest = '']) => [name, ...splitArguments(line, rest)]);
}

function checkCommand([name, ...words]: readonly string[]): void {
  if (name === 'tsunicornctl') return checkControl(words);
  if (isTool(words) || words.length === 0 || ['--help', '--version'].includes(words[0] ?? '')) return;
  parseArguments(words, 'argv');
}

function checkControl(argv: readonly string[]): void {
  const [first = '', ...words] = verbFirst(argv);
  if (COMMON_FLAGS.some(({ name }) => name === first)) return;
  const verb = verbs.find(({ name }) => name === first);
  if (verb === undefined) throw new Error(`tsunicornctl has no command ${first}`);
  parseControl(words, verb);
}

/** What pages leave away: names that their text explains, modules of the reader, and types. */
const LEFT_AWAY = /error TS(2304|2552|2307|2882|2580|7\d\d\d|18046|2339|18004):/;

const OPTIONS = {
  extends: '../../../tsconfig.json',
  compilerOptions: {
    noEmit: true,
    allowJs: true,
    checkJs: true,
    noImplicitAny: false,
    verbatimModuleSyntax: false,
    moduleDetection: 'force',
    rootDir: '../../..',
    paths: {
      tsunicorn: ['../../../src/index.ts'],
      'tsunicorn/companion': ['../../../src/companion.ts'],
      'tsunicorn/context': ['../../../src/context/context.ts'],
      'tsunicorn/metrics': ['../../../src/measures/measures.ts'],
    },
  },
  include: ['*'],
  exclude: [],
};

/** One line for each error of the compiler in a block of JavaScript or TypeScript. */
function wrongTypes(all: readonly Block[]): readonly string[] {
  // In the tree and not in node_modules, which may be shared and whose files are not checked.
  const folder = join(root, '.cache/blocks/src');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(OPTIONS));
  const code = all.filter(({ language }) => ['ts', 'js'].includes(language));
  for (const [index, { language, text }] of code.entries())
    writeFileSync(join(folder, `block-${index}.${fileEnding(language, text)}`), text);
  const { stdout } = spawnSync('tsc', ['-p', folder, '--pretty', 'false'], { cwd: root, encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => /block-\d.*error TS/.test(line) && !LEFT_AWAY.test(line))
    .map((line) => {
      const [, index = '', problem = ''] = /block-(\d+)(\..*)$/.exec(line) ?? [];
      return `${code[Number(index)]?.place}: in the block${problem.replace(/^\.\w+/, '')}`;
    });
}

function fileEnding(language: string, text: string): string {
  if (language === 'ts') return 'ts';
  return /\bmodule\.exports\b|\brequire\(/.test(text) ? 'cjs' : 'mjs';
}

if (import.meta.main) {
  const all = blocks();
  for (const line of [...wrongBlocks(all), ...wrongTypes(all)]) {
    console.error(line);
    process.exitCode = 1;
  }
}
