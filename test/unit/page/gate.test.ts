import { expect, it } from 'vitest';
import { accessOf, changeRefusal, cookieFor } from '../../../src/page/gate.ts';
import { newSession, sessionOf } from '../../../src/page/session.ts';

const LOCAL = { isLocal: true, isTcp: true };
const BEYOND = { isLocal: false, isTcp: true };
const asked = (headers: Readonly<Record<string, string>>) => ({
  headers: { host: '127.0.0.1:9000', ...headers },
});

it('shows without a token on the loopback interface only, and changes nothing', () => {
  const access = accessOf(asked({}), LOCAL, null);
  expect(access.may).toBe('read');
  expect(changeRefusal(asked({}), access)).toMatch(/--admin-token is not set/);
  expect(accessOf(asked({}), BEYOND, null)).toMatchObject({ may: 'nothing', status: 403 });
  expect(accessOf(asked({ host: 'evil.example' }), LOCAL, null)).toMatchObject({
    may: 'nothing',
    status: 403,
  });
});

it('asks for the token where there is one, also on the loopback interface', () => {
  expect(accessOf(asked({}), LOCAL, 'secret')).toMatchObject({ may: 'nothing', status: 401 });
  expect(accessOf(asked({ authorization: 'Bearer other' }), BEYOND, 'secret').may).toBe('nothing');
  const program = asked({ authorization: 'Bearer secret' });
  expect(changeRefusal(program, accessOf(program, BEYOND, 'secret'))).toBe(null);
});

it('takes a change from the page alone: its token, and no other origin', () => {
  const [cookie = ''] = cookieFor('secret', '127.0.0.1:9000').split(';');
  const access = accessOf(asked({ cookie: `a=b; ${cookie}` }), BEYOND, 'secret');
  const csrf = access.may === 'change' ? (access.session?.csrf ?? '') : '';
  expect(csrf).not.toBe('');
  const refusal = (headers: Readonly<Record<string, string>>) => changeRefusal(asked(headers), access);
  expect(refusal({})).toMatch(/does not come from the page/);
  expect(refusal({ 'x-csrf-token': csrf })).toBe(null);
  expect(refusal({ 'x-csrf-token': csrf, origin: 'http://127.0.0.1:9000' })).toBe(null);
  expect(refusal({ 'x-csrf-token': csrf, origin: 'http://evil.example' })).toMatch(/another site/);
  expect(refusal({ 'x-csrf-token': csrf, origin: 'null' })).toMatch(/another site/);
  expect(refusal({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' })).toMatch(/another site/);
});

it('the pages of two services on one machine have cookies of their own', () => {
  const cookies = ['9000', '9001'].map(
    (port) => cookieFor(`secret ${port}`, `127.0.0.1:${port}`).split(';')[0],
  );
  for (const port of ['9000', '9001']) {
    const request = asked({ host: `127.0.0.1:${port}`, cookie: cookies.join('; ') });
    expect(accessOf(request, LOCAL, `secret ${port}`).may).toBe('change');
  }
});

it('a session ends with its time and with the token, and cannot be made up', () => {
  const { value, seconds } = newSession('secret', 0);
  expect(sessionOf(value, 'secret', seconds * 1000 - 1)).not.toBe(null);
  expect(sessionOf(value, 'secret', seconds * 1000 + 1000)).toBe(null);
  expect(sessionOf(value, 'other', 0)).toBe(null);
  expect(sessionOf(value.replace(/^\d+/, '9999999999'), 'secret', 0)).toBe(null);
  for (const made of ['', '..', 'a.b.c', '9999999999.x.']) expect(sessionOf(made, 'secret', 0)).toBe(null);
});
