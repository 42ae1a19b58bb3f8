import { expect, it } from 'vitest';
import { verbs } from '../../../src/ctl/verbs.ts';
import { CONTROL_VERBS, isControl } from '../../../src/main/verbs.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

it('tsunicorn leads to each command of tsunicornctl, unless a module has its name', async () => {
  expect([...CONTROL_VERBS].toSorted()).toEqual(verbs.map(({ name }) => name).toSorted());
  const cwd = temporaryDirectory({ 'status.js': '' });
  expect(await isControl(['reload', '--wait'], cwd)).toBe(true);
  expect(await isControl(['status'], cwd)).toBe(false);
  expect(await isControl(['server.ts'], cwd)).toBe(false);
});
