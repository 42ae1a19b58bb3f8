import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whenDry } from '../../../../src/app/script/when-dry.ts';

const { emit } = process;
const flush = vi.fn();

beforeEach(() => void process.on('beforeExit', flush));

afterEach(() => {
  process.emit = emit;
  process.off('beforeExit', flush);
  flush.mockClear();
});

it('tells that nothing is left to do, which no listener hears of', () => {
  const dry = vi.fn();
  const end = whenDry(dry);
  process.emit('beforeExit', 0);
  end();
  expect(dry).toHaveBeenCalledOnce();
  expect(flush).not.toHaveBeenCalled();
  expect(process.emit).toBe(emit);
});

it('lets listeners hear of it afterwards, where the application has wrapped process.emit meanwhile', () => {
  const dry = vi.fn();
  const end = whenDry(dry);
  const ours = process.emit;
  process.emit = ((...args: Parameters<typeof emit>) => Reflect.apply(ours, process, args)) as typeof emit;
  end();
  process.emit('beforeExit', 0);
  expect(dry).not.toHaveBeenCalled();
  expect(flush).toHaveBeenCalledOnce();
});
