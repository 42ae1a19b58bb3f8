import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadApplication } from '../../../src/app/load.ts';
import { sharedDirectory } from '../../support/shared.ts';
import { serve } from './serve.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/applications.md'), 'utf8');
const blocks = [...page.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => ({
  name,
  text: text.replace("'tsunicorn'", `'${root}/src/index.ts'`),
}));
const cwd = sharedDirectory(Object.fromEntries(blocks.map(({ name, text }) => [name, text])));
symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'));

it.each(blocks.map(({ name }) => name))('%s of the page on applications is served', async (name) => {
  const application = await loadApplication(name, { cwd, onError: () => {} });
  const { url } = await serve(application);
  expect(await (await fetch(url)).text()).toBe('hello');
  await application.close?.();
});

it('the page has every shape', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(10);
});
