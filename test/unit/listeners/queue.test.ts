import { describe, expect, it } from 'vitest';
import { ListeningRows, queueOf, RecentRows } from '../../../src/listeners/queue.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 487 1 000000004cbf5cc7 100 0 0 10 0
   1: 0100007F:ECB7 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 766835 4 00000000e395d0d5 100 0 0 10 0
`;
const ESTABLISHED =
  ' 998: 0100007F:ECB7 0100007F:9DE8 01 00000000:00000012 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1\n';
const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
00000000cf0f1b3c: 00000003 00000000 00000000 0001 02     0 /run/a b.sock
0000000030b8b2b4: 00000002 00000000 00010000 0001 01 766839 /run/a b.sock
00000000ecd647d3: 00000003 00000000 00000000 0001 02     0 /run/a b.sock
00000000ecd647d4: 00000003 00000000 00000000 0001 03 766840 /run/a b.sock
00000000ecd647d5: 00000003 00000000 00000000 0001 02     0 /run/other.sock
00000000ecd647d6: 00000003 00000000 00000000 0001 03 766841
`;
function rows(tables: Readonly<Record<string, string>>) {
  return new ListeningRows((file) => tables[file] ?? '');
}

const tcp = { fd: -1, url: 'http://127.0.0.1:80' };
const unix = { fd: -1, url: 'unix:/run/a b.sock' };

describe('the queues of the kernel', () => {
  const all = rows({ '/proc/net/tcp': TCP + ESTABLISHED, '/proc/net/unix': UNIX });

  it('are found by the inode of the listening socket', () => {
    expect(queueOf(tcp, all, 766835)).toEqual({ length: 3, port: 60_599 });
    expect(queueOf(tcp, all, 487)).toEqual({ length: 0, port: 2024 });
    expect(queueOf(unix, all, 766839)).toEqual({ length: 2, port: null });
  });

  it('are not known where the kernel lists no such socket', () => {
    expect(queueOf(tcp, all, 1)).toBeNull();
    expect(queueOf(tcp, rows({}), 766835)).toBeNull();
  });

  it('are read again where nobody has read them within 1.5 s', () => {
    let nowMs = 0;
    let made = 0;
    const counted = new RecentRows(
      () => {
        made++;
        return new ListeningRows(() => '');
      },
      () => nowMs,
    );
    const first = counted.recent();
    nowMs = 1500;
    expect(counted.recent()).toBe(first);
    expect(counted.now()).not.toBe(first);
    nowMs = 3000;
    counted.recent();
    expect(made).toBe(2);
    nowMs = 3001;
    counted.recent();
    expect(made).toBe(3);
  });

  it('need none of the rows behind those of listening sockets', () => {
    let isEnough = (_text: string) => false;
    const some = new ListeningRows((file, enough) => {
      if (file === '/proc/net/tcp') isEnough = enough;
      return '';
    });
    queueOf(tcp, some, 1);
    expect(isEnough(TCP)).toBe(false);
    expect(isEnough(TCP + ESTABLISHED)).toBe(true);
  });
});
