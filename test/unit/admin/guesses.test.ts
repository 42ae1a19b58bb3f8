import { describe, expect, it } from 'vitest';
import { Guesses } from '../../../src/admin/guesses.ts';
import { FakeLogger } from '../../support/fake-logger.ts';

it('a client that guesses is locked out for a minute, and no other', () => {
  let nowMs = 0;
  const log = new FakeLogger();
  const guesses = new Guesses(log, 'wrong', () => nowMs);
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
  const guesses = new Guesses(new FakeLogger(), 'wrong', () => nowMs);
  for (let client = 0; client < 150; client++) guesses.failed(`${client}`);
  expect(guesses.isLocked('5')).toBe(false);
  expect(guesses.isLocked('999')).toBe(true);
  nowMs = 60_000;
  expect(guesses.isLocked('999')).toBe(false);
});

it('the addresses of one IPv6 network (/64) count as one client, and those of IPv4 each as their own', () => {
  const guesses = new Guesses(new FakeLogger(), 'wrong', () => 0);
  for (let guess = 0; guess < 10; guess++) {
    guesses.failed(`2001:db8:0:1::${guess.toString(16)}`);
    guesses.failed('::ffff:10.0.0.1');
    guesses.failed('fe80::1%eth0');
  }
  const clients = ['2001:db8::1:2:3:4:5', '2001:db8:0:2::1', '10.0.0.1', '10.0.0.2', 'fe80::2', '::1'];
  expect(clients.map((client) => guesses.isLocked(client))).toEqual([true, false, true, false, true, false]);
});

describe('a client that has sent 10 wrong tokens', () => {
  const locked = () => {
    const log = new FakeLogger();
    const guesses = new Guesses(log, 'wrong', () => 0);
    const ask = (authorization: string | undefined, hasSession = false) =>
      guesses.refuses({ authorization, client: null, token: 'right', hasSession: async () => hasSession });
    return { log, ask };
  };

  it('is told nothing for a while, but for the right token, a session, or none', async () => {
    const { log, ask } = locked();
    for (let guess = 0; guess < 10; guess++) expect(await ask(`Bearer ${guess}`)).toBe(false);
    expect(await ask('Bearer wrong')).toBe(true);
    expect(await ask('bearer')).toBe(true);
    expect(await ask('Bearer right')).toBe(false);
    expect(await ask('Bearer wrong', true)).toBe(false);
    expect(await ask('Basic b3A6cHc=')).toBe(false);
    expect(await ask(undefined)).toBe(false);
    expect(log.at('warning')).toHaveLength(10);
  });

  it('has not sent one with another scheme, nor beside a session', async () => {
    const { log, ask } = locked();
    for (let request = 0; request < 20; request++) {
      expect(await ask('Basic b3A6cHc=')).toBe(false);
      expect(await ask('Bearer of-a-proxy', true)).toBe(false);
    }
    expect(await ask('Bearer wrong')).toBe(false);
    expect(log.at('warning')).toHaveLength(1);
  });
});
