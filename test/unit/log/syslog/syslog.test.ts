import { describe, expect, it, onTestFinished } from 'vitest';
import { checkSyslog, openSyslog } from '../../../../src/log/syslog/syslog.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';
import { loadedWith } from '../../../support/fake-service.ts';
import { receiveTcp, receiveUdp } from '../../../support/syslog-receivers.ts';

const settingsFor = (syslogTo: string) => loadedWith({ syslog: true, syslogTo }).settings;

function openTo(syslogTo: string) {
  const file = new FakeLogger();
  const syslog = openSyslog(settingsFor(syslogTo), file);
  onTestFinished(() => syslog.close());
  return { ...syslog, file };
}

const messagesOf = (records: readonly string[]) => records.map((record) => record.replace(/^(\S+ ){7}/, ''));

describe.each([
  ['udp', receiveUdp],
  ['tcp', receiveTcp],
] as const)('over %s', (protocol, receive) => {
  it('both logs go there, and the error log to its file too', async () => {
    const { port, records } = await receive();
    const { log, access, file } = openTo(`${protocol}://127.0.0.1:${port}`);
    log.debug('not at this level');
    log.info('Starting', { pid: 7 });
    log.error('It failed', { err: new Error('no\nbooks') });
    access('GET / 200');
    await expect.poll(() => records).toHaveLength(3);
    expect(records[0]).toMatch(/^<14>1 \S+Z \S+ tsunicorn 7 error - Starting$/);
    expect(records[1]).toMatch(
      new RegExp(
        `^<11>1 \\S+ \\S+ tsunicorn ${process.pid} error - It failed\\\\nError: no\\\\nbooks\\\\n {4}at `,
      ),
    );
    expect(records[2]).toMatch(new RegExp(`^<14>1 \\S+ \\S+ tsunicorn ${process.pid} access - GET / 200$`));
    log.info('a batch later');
    await expect.poll(() => messagesOf(records).at(-1)).toBe('a batch later');
    expect(file.lines.map(({ message }) => message)).toEqual([
      'not at this level',
      'Starting',
      'It failed',
      'a batch later',
    ]);
  });

  it('a receiver that comes late gets every record that was held', async () => {
    const { port, close } = await receive();
    await close();
    const { log } = openTo(`${protocol}://127.0.0.1:${port}`);
    const sent = Array.from({ length: 20 }, (_, index) => `record ${index}`);
    for (const text of sent) log.info(text);
    const { records } = await receive(port);
    await expect.poll(() => messagesOf(records), { timeout: 5000 }).toEqual(sent);
  });

  it('what could not be held is counted in one line, there and in the file', async () => {
    const { port, close } = await receive();
    await close();
    const { log, file } = openTo(`${protocol}://127.0.0.1:${port}`);
    const long = 'x'.repeat(1900);
    for (let count = 0; count < 700; count++) log.info(long);
    const { records } = await receive(port);
    const reported = /Can write .* again, after .*: \d+ lines are lost$/;
    await expect
      .poll(() => records.filter((record) => reported.test(record)), { timeout: 5000 })
      .toHaveLength(1);
    expect(file.matching(reported)).toHaveLength(1);
    expect(records.at(-1)).toMatch(/^<14>1 /);
  });

  it('a record that is too long is cut', async () => {
    const { port, records } = await receive();
    const { log } = openTo(`${protocol}://127.0.0.1:${port}`);
    log.info('ä'.repeat(10_000));
    log.info('next');
    await expect.poll(() => records).toHaveLength(2);
    const [long = ''] = records;
    expect(Buffer.byteLength(long)).toBeGreaterThan(protocol === 'udp' ? 2040 : 8180);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(protocol === 'udp' ? 2048 : 8192);
    expect(long).toMatch(/ä$/);
  });
});

it('a TCP connection that breaks is made again', async () => {
  const first = await receiveTcp();
  const { log } = openTo(`tcp://127.0.0.1:${first.port}`);
  log.info('before');
  await expect.poll(() => messagesOf(first.records)).toEqual(['before']);
  await first.close();
  const second = await receiveTcp(first.port);
  let count = 0;
  await expect
    .poll(
      () => {
        count++;
        log.info(`after ${count}`);
        return messagesOf(second.records).length;
      },
      { timeout: 5000 },
    )
    .toBeGreaterThan(0);
});

describe('the name of the receiver', () => {
  it('must be known at the start', async () => {
    await expect(checkSyslog('--syslog-to', settingsFor('udp://no-such-host.invalid'))).rejects.toThrow(
      /^--syslog-to: cannot resolve "no-such-host\.invalid" \(\w+\); write the name or address of the syslog receiver$/,
    );
    await checkSyslog('--syslog-to', settingsFor('tcp://[::1]:601'));
  });

  it('may fail later', async () => {
    const { log, close } = openTo('udp://no-such-host.invalid');
    log.info('held');
    await close();
  });
});
