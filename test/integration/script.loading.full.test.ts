import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { serve, temporaryDirectory } from '../support/tsunicorn.ts';

const body = async (running: { readonly at: string }, path = '/') => (await get(running.at, path)).body;

describe('the main module', () => {
  const count = 'globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;';
  const commonJs = `${count}\nmodule.exports = (req, res) => res.end([globalThis.evaluated, require.main === module].join());\n`;
  const esModule = `${count}
    await new Promise((resolve) => setTimeout(resolve, 20));
    export default (req, res) => res.end([globalThis.evaluated, import.meta.main].join());\n`;
  const typed = `${count}
    await new Promise<void>((resolve) => setTimeout(resolve, 20));
    const app = (req: unknown, res: { end(text: string): void }): void => res.end([globalThis.evaluated, import.meta.main].join());
    export default app;\n`;

  it.each([
    ['main.cjs', commonJs],
    ['main.js', commonJs],
    ['main', commonJs],
    ['main.mjs', esModule],
    ['main.js', esModule],
    ['main.mts', typed],
    ['main.ts', typed],
    ['main.cts', commonJs],
  ])('is evaluated once, whatever it exports, behind its top-level await: %s', async (name, text) => {
    expect(await body(await serve([name], { files: { [name]: text } }))).toBe('1,true');
  });

  it('may be a link of node_modules/.bin to a file without an extension', async () => {
    const cwd = temporaryDirectory({});
    mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true });
    mkdirSync(join(cwd, 'node_modules/tool'));
    writeFileSync(
      join(cwd, 'node_modules/tool/tool'),
      `#!/usr/bin/env node\nrequire('http').createServer((req, res) => res.end(process.argv.slice(1).join())).listen(process.env.PORT);\n`,
    );
    symlinkSync('../tool/tool', join(cwd, 'node_modules/.bin/tool'));
    const expected = new RegExp(`${cwd}/node_modules/\\.bin/tool,start,-p$`);
    for (const args of [
      ['node_modules/.bin/tool', '--', 'start', '-p'],
      ['npx', 'tool', '--', 'start', '-p'],
    ])
      expect(await body(await serve(args, { cwd }))).toMatch(expected);
  });
});

/** A program in a language of its own, in which @ is what has to be compiled. */
const strange = `@require('http').createServer((req, res) => res.end('compiled ' + (require.main === module))).listen(PORT);\n`;

/** As ts-node and others do it. */
const required = `
const fs = require('node:fs');
for (const extension of ['.ts', '.strange', '.js']) {
  const own = require.extensions[extension];
  require.extensions[extension] = (module, file) => file.includes('node_modules') ? own(module, file)
    : module._compile(fs.readFileSync(file, 'utf8').replace('@', '').replace('PORT', process.argv[2]), file);
}\n`;

/** As tsx does it. */
const registered = `
import { registerHooks } from 'node:module';
import fs from 'node:fs';
registerHooks({
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.includes('server.')) return next(url, context);
    const source = fs.readFileSync(new URL(url), 'utf8').replace('@', '').replace('PORT', process.argv[2]);
    return { format: 'commonjs', source, shortCircuit: true };
  },
});\n`;

const threaded = `
import { register } from 'node:module';
register('./hooks.mjs', import.meta.url, { data: process.argv[2] });\n`;
const hooks = `
import fs from 'node:fs';
let port = '';
export const initialize = (data) => { port = data; };
export const load = (url, context, next) => url.includes('server.')
  ? { format: 'module', source: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url), module = require.main;" + fs.readFileSync(new URL(url), 'utf8').replace('@', '').replace('PORT', port), shortCircuit: true }
  : next(url, context);\n`;

const files = {
  'required.cjs': required,
  'registered.mjs': registered,
  'threaded.mjs': threaded,
  'hooks.mjs': hooks,
};

describe.each([
  ['of CommonJS', '-r ./required.cjs', ['server.ts', 'server.strange', 'server.js']],
  ['by registerHooks()', '--import ./registered.mjs', ['server.ts', 'server.strange', 'server.js']],
  ['in a thread', '--import ./threaded.mjs', ['server.ts', 'server.mjs']],
])('a loader %s', (_how, option, names) => {
  describe.each(names)('compiles %s', (name) => {
    const program = { ...files, [name]: strange };

    it('from NODE_OPTIONS, where the program listens on PORT', async () => {
      const running = await serve([name, '--env', `NODE_OPTIONS=${option}`, '--', 'process.env.PORT'], {
        files: program,
      });
      expect(await body(running)).toMatch(/^compiled/);
    });

    it('from its command, where it listens elsewhere', async () => {
      const running = await serve(['--', 'node', ...option.split(' '), name, '3999'], { files: program });
      expect(await body(running)).toMatch(/^compiled/);
    });
  });
});
