// Builds the page of --admin-bind: one file each for the page and its login form, beside the code that serves them.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const browser = join(root, 'src/page/browser');
const source = join(root, 'src/page');
const built = join(root, 'dist/src/page');
const UPLOT = join(root, 'node_modules/uplot');

/** The page with all of it in it may be as large as this. */
const MOST_BYTES = 82 * 1024;

function fill(template: string, parts: Readonly<Record<string, string>>): string {
  const html = readFileSync(join(browser, template), 'utf8');
  return html.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => parts[name] ?? '');
}

async function script(): Promise<string> {
  const bundle = await rolldown({ input: join(browser, 'main.ts'), platform: 'browser', cwd: root });
  const { output } = await bundle.generate({ format: 'iife', minify: true });
  await bundle.close();
  // A closing tag in a string of the code would end the element.
  return `/* uPlot (c) Leon Sorokin, MIT */${output[0].code.replace(/<\/(script)/gi, '<\\/$1')}`;
}

function style(...files: readonly string[]): string {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('');
  return text.replace(/\s+/g, ' ').replace(/ ?([{}:;,]) /g, '$1');
}

const page = fill('page.template.html', {
  style: style(join(UPLOT, 'dist/uPlot.min.css'), join(browser, 'page.css')),
  script: await script(),
});
const login = fill('login.template.html', { style: style(join(browser, 'page.css')) });
if (Buffer.byteLength(page) > MOST_BYTES)
  throw new Error(`page.html has ${Buffer.byteLength(page)} bytes, and may have ${MOST_BYTES}`);
for (const [name, text] of [
  ['page.html', page],
  ['login.html', login],
] as const) {
  writeFileSync(join(source, name), text);
  if (existsSync(built)) copyFileSync(join(source, name), join(built, name));
}
