import { describe, expect, it } from 'vitest';
import { type Entry, formatRecord, type Sender } from '../../../../src/log/syslog/record.ts';

const sender: Sender = { facility: 'user', hostname: 'shop-1', prefix: null };
const entry: Entry = { level: 'info', log: 'error', pid: 7, text: 'all is well' };
const at = new Date('2026-11-21T06:00:00.123Z');

function format(changed: Partial<Sender & Entry> = {}, limit = 2048): string {
  return formatRecord({ ...sender, ...changed }, { ...entry, ...changed }, at, limit).toString();
}

describe('a record', () => {
  it('has the parts of RFC 5424', () => {
    expect(format()).toBe('<14>1 2026-11-21T06:00:00.123Z shop-1 tsunicorn 7 error - all is well');
    expect(format({ prefix: 'shop', log: 'access', facility: 'local7' })).toBe(
      '<190>1 2026-11-21T06:00:00.123Z shop-1 tsunicorn.shop 7 access - all is well',
    );
  });

  it.each([
    ['critical', 10],
    ['error', 11],
    ['warning', 12],
    ['info', 14],
    ['debug', 15],
  ] as const)('of level %s has the priority %d', (level, priority) => {
    expect(format({ level })).toMatch(new RegExp(`^<${priority}>1 `));
  });

  it('is one record, whatever is in it', () => {
    const forged = 'a\n<8>1 - - - - - - forged\r\0\x1b[2J\u2028\x7f';
    expect(format({ text: forged })).toMatch(/a\\n<8>1 - - - - - - forged\\r\\x00\\x1b\[2J\\u2028\\x7f$/);
    expect(format({ hostname: 'a b\n', prefix: 'x\ny' })).toMatch(/Z ab tsunicorn\.xy 7 /);
    expect(format({ hostname: 'ä' })).toMatch(/Z - tsunicorn 7 /);
  });

  it.each([1, 2, 3, 4])('is cut between characters, not within one (%d)', (more) => {
    const limit = format({ text: '' }).length + more;
    const text = formatRecord(sender, { ...entry, text: '€uro' }, at, limit).toString();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
    expect(text).toMatch(more < 3 ? / - $/ : more === 3 ? / - €$/ : / - €u$/);
  });
});
