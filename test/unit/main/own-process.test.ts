import { expect, it, onTestFinished } from 'vitest';
import { OwnProcess } from '../../../src/main/own-process.ts';
import { loadedWith } from '../../support/fake-service.ts';

const NAME = 'TSUNICORN_TEST_OWN_PROCESS';

it('loads the hooks of each generation in its own environment, also where another is being loaded', async () => {
  onTestFinished(() => void delete process.env[NAME]);
  const loaded = (value: string) => ({
    ...loadedWith({ chdir: process.cwd() }),
    environment: { [NAME]: value },
  });
  const own = new OwnProcess({}, { ...loaded('1'), environment: {} });
  const slow = Promise.withResolvers<void>();
  const seen: (string | undefined)[] = [];
  const see = () => void seen.push(process.env[NAME]);
  const superseded = own.within(loaded('2'), async () => {
    await slow.promise;
    see();
    throw new Error('does not load');
  });
  const next = own.within(loaded('3'), async () => {
    see();
    await superseded.catch(() => {});
    see();
  });
  slow.resolve();
  await expect(superseded).rejects.toThrow('does not load');
  await next;
  expect([...seen, process.env[NAME]]).toEqual(['2', '3', '3', undefined]);
});
