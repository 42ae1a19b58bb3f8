import { expect, it } from 'vitest';
import { verbs } from '../../../src/ctl/verbs.ts';
import { isControl } from '../../../src/main/verbs.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

it('tsunicorn leads to each command of tsunicornctl, unless a module has its name', async () => {
  const cwd = temporaryDirectory({ 'status.js': '' });
  for (const { name } of verbs) expect(await isControl([name, '--json'], cwd)).toBe(name !== 'status');
  expect(await isControl(['server.ts'], cwd)).toBe(false);
  expect(await isControl(['relaod'], cwd)).toBe(false);
});
