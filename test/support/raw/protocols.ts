import { type RawCase, refused } from './case.ts';

const CLIENT_HELLO =
  '\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03' + 'r'.repeat(32) + '\x00\x00\x02\x13\x01\x01\x00\x00\x00';
const PROXY_2 = '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x7f\0\0\x01\x7f\0\0\x01\x30\x39\x1f\x90';
const HTTP_2 = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

/** What is for other protocols. */
export const protocols: readonly RawCase[] = [
  refused('TLS', CLIENT_HELLO),
  refused('HTTP/2', HTTP_2),
  refused('HTTP/2 in HTTP/1.1', 'PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n'),
  refused('PROXY', 'PROXY TCP4 127.0.0.1 127.0.0.1 12345 80\r\n'),
  refused('PROXY in version 2', PROXY_2),
  refused('SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n'),
  refused('SMTP', 'EHLO x\r\n'),
  refused('Redis', '*1\r\n$4\r\nPING\r\n'),
  refused('SOCKS', '\x05\x01\x00'),
  refused('MQTT', '\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0'),
  refused('NUL', '\0'.repeat(100)),
  refused('bytes above 127', '\xff'.repeat(100)),
  refused('letters', 'a'.repeat(100)),
  refused('an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  refused('the target alone', '/\r\n'),
  refused('JSON', '{"a": 1}\r\n'),
];
