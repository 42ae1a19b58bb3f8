import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Forwarding, forwardingOf } from '../../../../src/http/edge/forwarded.ts';
import { hopsOf, nodeOf } from '../../../../src/http/edge/forwarded-header.ts';
import { type Settings, settingNames, settingOf } from '../../../../src/settings/catalogue/catalogue.ts';
import { clientOf, clientPortOf, hostOf, prefixOf, schemeOf } from '../../../../src/support/origin.ts';
import { TrustedPeers } from '../../../../src/support/trusted-peers.ts';

const defaults = Object.fromEntries(
  settingNames.map((name) => [name, settingOf(name).default]),
) as unknown as Settings;

type Given = readonly (readonly [name: string, value: string])[];

function requestFrom(remoteAddress: string | undefined, given: Given, peers: TrustedPeers): IncomingMessage {
  const socket = { remoteAddress, remotePort: 5 };
  peers.meet(socket as IncomingMessage['socket']);
  const rawHeaders = [['Host', 'inside:8000'] as const, ...given].flat();
  return { url: '/', headers: { host: 'inside:8000' }, rawHeaders, socket } as unknown as IncomingMessage;
}

interface From {
  readonly peer?: string | undefined;
  readonly rules?: readonly string[];
  readonly settings?: Partial<Settings>;
}

function read(given: Given, from: From = {}) {
  const peers = new TrustedPeers(from.rules ?? ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32']);
  const forwarding: Forwarding = forwardingOf({ ...defaults, ...from.settings }, peers);
  const request = requestFrom('peer' in from ? from.peer : '127.0.0.1', given, peers);
  const fault = forwarding.read(request);
  if (fault !== null) return fault.code;
  return {
    client: clientOf(request),
    port: clientPortOf(request),
    scheme: schemeOf(request),
    host: hostOf(request),
    prefix: prefixOf(request),
  };
}

const PEER = { client: '127.0.0.1', port: 5, scheme: 'http', host: 'inside:8000', prefix: null };

describe('the chain of proxies', () => {
  it.each<[string, string]>([
    ['192.0.2.1', '192.0.2.1'],
    ['spoofed, 192.0.2.1', '192.0.2.1'],
    ['6.6.6.6, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
    ['10.1.2.3', '10.1.2.3'],
    ['10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8:1::1]:4711, 10.0.0.1', '2001:db8:1::1'],
    ['2002:db8::7, 2001:DB8::1', '2002:db8::7'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, unknown', ''],
    ['192.0.2.1, unix:', ''],
    ['fe80::1%eth0', ''],
    ['', ''],
    [`${'9.9.9.9,'.repeat(2000)}192.0.2.1`, '192.0.2.1'],
  ])('%s comes from %s', (value, client) => {
    expect(read([['X-Forwarded-For', value]])).toMatchObject({ client });
  });

  it('may be on several lines', () => {
    const given: Given = [
      ['X-Forwarded-For', '6.6.6.6'],
      ['x-forwarded-for', '192.0.2.1, 10.0.0.1'],
    ];
    expect(read(given)).toMatchObject({ client: '192.0.2.1' });
  });

  it('is read to its end where everybody is trusted', () => {
    expect(read([['X-Forwarded-For', '192.0.2.1, 6.6.6.6']], { rules: ['*'] })).toMatchObject({
      client: '192.0.2.1',
    });
  });

  it.each<[string, From]>([
    ['an address that is not allowed', { peer: '192.168.0.1' }],
    ['an address outside the network', { peer: '11.0.0.1' }],
    ['TCP where only Unix sockets are', { rules: ['unix'] }],
  ])('is not believed from %s', (_name, from) => {
    const given: Given = [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'evil.test'],
    ];
    expect(read(given, from)).toEqual({ ...PEER, client: from.peer ?? '127.0.0.1' });
  });

  it.each<[string, From]>([
    ['a Unix socket', { peer: undefined, rules: ['unix'] }],
    ['an IPv4 address on an IPv6 socket', { peer: '::ffff:10.9.9.9' }],
    ['IPv6 in the network', { peer: '2001:db8:ffff::9' }],
  ])('is believed from %s', (_name, from) => {
    expect(read([['X-Forwarded-For', '192.0.2.1']], from)).toMatchObject({ client: '192.0.2.1' });
  });
});

describe('headers of X-Forwarded', () => {
  it('say scheme, host, port and prefix', () => {
    const given: Given = [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Forwarded-Proto', 'HTTPS'],
      ['X-Forwarded-Host', 'shop.test'],
      ['X-Forwarded-Port', '8443'],
      ['X-Forwarded-Prefix', '/shop/'],
    ];
    expect(read(given)).toEqual({
      client: '192.0.2.1',
      port: null,
      scheme: 'https',
      host: 'shop.test:8443',
      prefix: '/shop',
    });
  });

  it.each<[Given, object]>([
    [[['X-Forwarded-Proto', 'https']], { ...PEER, scheme: 'https' }],
    [[['X-Forwarded-Proto', 'wss']], { scheme: 'https' }],
    [[['X-Forwarded-Ssl', 'on']], { scheme: 'https' }],
    [
      [
        ['X-Forwarded-Protocol', 'ssl'],
        ['X-Forwarded-Ssl', 'on'],
      ],
      { scheme: 'https' },
    ],
    [[['X-Forwarded-Ssl', 'off']], { scheme: 'http' }],
    [
      [
        ['X-Forwarded-Port', '443'],
        ['X-Forwarded-Proto', 'https'],
      ],
      { host: 'inside' },
    ],
    [
      [
        ['X-Forwarded-Port', '80'],
        ['X-Forwarded-Host', 'shop.test:80'],
      ],
      { host: 'shop.test' },
    ],
    [[['X-Forwarded-Host', '[::1]:8443']], { host: '[::1]:8443' }],
    [[['X-Forwarded-Prefix', '/']], { prefix: '' }],
    // Each proxy has added its own.
    [
      [
        ['X-Forwarded-For', '192.0.2.1, 10.0.0.1'],
        ['X-Forwarded-Proto', 'https, http'],
      ],
      { scheme: 'https' },
    ],
    [
      [
        ['X-Forwarded-For', '6.6.6.6, 192.0.2.1'],
        ['X-Forwarded-Proto', 'https, http'],
      ],
      { scheme: 'http' },
    ],
    [[['X-Forwarded-Host', 'evil.test, shop.test']], { host: 'shop.test' }],
  ])('%j', (given, expected) => expect(read(given)).toMatchObject(expected));

  it.each<Given>([
    [['X-Forwarded-Host', 'a/b']],
    [['X-Forwarded-Host', '']],
    [['X-Forwarded-Port', '0']],
    [['X-Forwarded-Port', '70000']],
    [['X-Forwarded-Port', 'x']],
    [['X-Forwarded-Prefix', '//evil.test']],
    [['X-Forwarded-Prefix', 'shop']],
    [['X-Forwarded-Prefix', '/a/../b']],
    [['X-Forwarded-Prefix', '/\\evil.test']],
    [['Forwarded', 'for=1.2.3.4;for=1.2.3.5']],
    [['Forwarded', 'for="1.2.3.4']],
    [['Forwarded', 'for=1.2.3.4;host="a b"']],
  ])('that are not valid are a fault: %j', (...given) => expect(read(given)).toBe('EDGE_FORWARDED'));

  it.each<Given>([
    [
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Ssl', 'off'],
    ],
    [
      ['X-Forwarded-Proto', 'http'],
      ['Forwarded', 'proto=https'],
    ],
    [
      ['X-Forwarded-For', '192.0.2.1'],
      ['Forwarded', 'for=192.0.2.2'],
    ],
    [
      ['X-Forwarded-Host', 'a.test'],
      ['Forwarded', 'host=b.test'],
    ],
    [
      ['X-Forwarded-Host', 'a.test:8443'],
      ['X-Forwarded-Port', '443'],
    ],
  ])('contradict each other: %j', (...given) => expect(read(given)).toBe('EDGE_CONTRADICTION'));

  it('are not completed by Forwarded, which may be the client’s', () => {
    const given: Given = [
      ['X-Forwarded-For', '192.0.2.1'],
      ['Forwarded', 'for=192.0.2.1;proto=https;host=evil.test'],
    ];
    expect(read(given)).toEqual({ ...PEER, client: '192.0.2.1', port: null });
  });

  it('are those that --forwarder-headers names', () => {
    const given: Given = [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Forwarded-Host', 'evil.test'],
      ['X-Forwarded-Proto', 'https'],
    ];
    expect(read(given, { settings: { forwarderHeaders: ['x-forwarded-for'] } })).toEqual({
      ...PEER,
      client: '192.0.2.1',
      port: null,
    });
  });

  it('say the scheme by --secure-scheme-headers', () => {
    const from = { settings: { secureSchemeHeaders: { 'X-Scheme': 'secure' } } };
    expect(
      read(
        [
          ['x-scheme', 'Secure'],
          ['X-Forwarded-Proto', 'http'],
        ],
        from,
      ),
    ).toMatchObject({ scheme: 'https' });
  });
});

describe('Forwarded', () => {
  it.each<[string, object]>([
    ['for=192.0.2.60;proto=http;by=203.0.113.43', { client: '192.0.2.60', scheme: 'http' }],
    [
      'for=6.6.6.6, for=192.0.2.1;proto=https;host=shop.test, For="10.0.0.1:80"',
      { client: '192.0.2.1', scheme: 'https', host: 'shop.test' },
    ],
    ['for="[2001:db8:cafe::17]:4711", for=10.0.0.1', { client: '2001:db8:cafe::17', port: 4711 }],
    ['for=unknown', { client: '' }],
    ['for=_hidden, for=10.0.0.1', { client: '' }],
    ['proto=https', { ...PEER, scheme: 'https' }],
    ['', PEER],
    ['host="shop.test:8443"', { host: 'shop.test:8443' }],
    ['secret="a\\"b,c;d";for=192.0.2.1', { client: '192.0.2.1' }],
  ])('%s', (value, expected) => expect(read([['Forwarded', value]])).toMatchObject(expected));

  it.each(['for', 'for=a=b', 'for=a for=b', '"for"=a', 'for=a;"', '=a', 'for="a\\'])('%j is none', (value) =>
    expect(hopsOf(value)).toBe(null),
  );

  it('takes time in proportion to its length', () => {
    const began = performance.now();
    for (const value of [
      `for="${'\\'.repeat(16_000)}`,
      ' '.repeat(16_000),
      `${';'.repeat(8000)}x`,
      'a=b,'.repeat(4000),
    ])
      hopsOf(value);
    // Anything but that would take minutes.
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

it('names ends of connections', () => {
  expect(
    ['1.2.3.4', '1.2.3.4:x', '[1.2.3.4]', '1.2.3', '[::1', '::1', '[::1]:_p'].map(
      (text) => nodeOf(text).address,
    ),
  ).toEqual(['1.2.3.4', '', '', '', '', '::1', '::1']);
});
