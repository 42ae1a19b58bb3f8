import { describe, expect, it } from 'vitest';
import { findSocket } from '../../../src/listeners/inherited.ts';

const TABLES: Readonly<Record<string, string>> = {
  unix: `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 101 /run/app with space.sock
0000000000000000: 00000003 00000000 00000000 0001 03 102 /run/app.sock
0000000000000000: 00000002 00000000 00000000 0002 01 103 /run/log.sock
0000000000000000: 00000002 00000000 00010000 0001 01   104
`,
  udp: `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  390: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 201 2 0000000000000000 0
`,
  tcp: `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 301 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0016 0100007F:1234 01 00000000:00000000 02:000A7D26 00000000     0        0 302 2 0000000000000000 20 4 30 10 -1
`,
  tcp6: `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 401 1 0000000000000000 100 0 0 10 0
`,
};

describe('what the kernel says of a socket', () => {
  it.each([
    [101, { family: 'unix', stream: true, connected: false, path: '/run/app with space.sock' }],
    [102, { family: 'unix', stream: true, connected: true, path: '/run/app.sock' }],
    [103, { family: 'unix', stream: false, connected: false, path: '/run/log.sock' }],
    [104, { family: 'unix', stream: true, connected: false, path: null }],
    [201, { family: 'udp' }],
    [301, { family: 'tcp', connected: false }],
    [302, { family: 'tcp', connected: true }],
    [401, { family: 'tcp', connected: false }],
    // Bound and not listening, or of another network namespace.
    [1, null],
    [40, null],
  ])('is found by its inode (%i)', (inode, expected) => {
    expect(findSocket(inode, (table) => TABLES[table] ?? '')).toEqual(expected);
  });
});
