import { expect, it } from 'vitest';
import { logfmtOf } from '../../../src/log/logfmt.ts';

it('a record is one line: what is nested has a key of its own, and no value can add a pair or a line', () => {
  const record = {
    level: 'error',
    pid: 7,
    none: null,
    empty: '',
    ok: true,
    'a key="x"\n': 1,
    worker: { pid: 8, at: { slot: 0 } },
    requests: [{ path: '/a b' }],
    msg: 'no "luck"\nlevel=info \u007f\u009b',
    path: '/a=b',
    eur: '5€',
  };
  expect(logfmtOf(record)).toBe(
    'level=error pid=7 none=null empty="" ok=true a_key__x__=1 worker.pid=8 worker.at.slot=0 ' +
      'requests="[{\\"path\\":\\"/a b\\"}]" msg="no \\"luck\\"\\nlevel=info \\x7f\\x9b" path="/a=b" eur=5€\n',
  );
});
