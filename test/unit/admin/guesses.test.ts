import { expect, it } from 'vitest';
import { Guesses } from '../../../src/admin/guesses.ts';
import { FakeLogger } from '../../support/fake-logger.ts';

it('a client that guesses is locked out for a minute, and no other', () => {
  let nowMs = 0;
  const log = new FakeLogger();
  const guesses = new Guesses(log, () => nowMs);
  for (let guess = 0; guess < 10; guess++) {
    expect(guesses.isLocked('a')).toBe(false);
    guesses.failed('a');
  }
  expect([guesses.isLocked('a'), guesses.isLocked('b'), guesses.isLocked(null)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(log.at('warning')).toHaveLength(10);
  nowMs = 60_000;
  expect(guesses.isLocked('a')).toBe(false);
});

it('many clients that guess count as one, and those of before are forgotten', () => {
  let nowMs = 0;
  const guesses = new Guesses(new FakeLogger(), () => nowMs);
  for (let client = 0; client < 150; client++) guesses.failed(`${client}`);
  expect(guesses.isLocked('5')).toBe(false);
  expect(guesses.isLocked('999')).toBe(true);
  nowMs = 60_000;
  expect(guesses.isLocked('999')).toBe(false);
});
