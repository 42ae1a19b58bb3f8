import { describe, expect, it } from 'vitest';
import { rawCases } from '../support/raw/index.ts';
import { ofLlhttp, unlikeLlhttp } from '../support/raw/llhttp.ts';
import { SHAPES } from '../support/raw/services.ts';
import { tryCases } from '../support/raw/suite.ts';
import { sharedDirectory, shareServers } from '../support/shared.ts';

const CLASSES = { async: ['-k', 'async'], sync: ['-k', 'sync'], thread: ['-k', 'thread', '--threads', '1'] };

/** Of llhttp's cases, what docs/edge.md gives the reasons for; the first is two requests of which one is whole. */
const UNLIKE: readonly string[] = [
  'connection/CRLF between requests, implicit `keep-alive`',
  'method/CONNECT request',
  'method/CONNECT request with CAPS',
  'method/CONNECT with body',
  'method/M-SEARCH request',
  'method/SOURCE request',
  'method/SOURCE request with ICE',
  'method/ANNOUNCE request with RTSP',
  'sample/No HTTP version',
  'transfer-encoding/Trailing headers',
  'transfer-encoding/POST with `chunked` as last transfer-encoding',
  'transfer-encoding/POST with `chunked` as last transfer-encoding (multiple headers)',
  'uri/Host terminated by a query string',
  'uri/`host:port` terminated by a query string',
  'uri/`host:port` terminated by a space',
  'uri/Fragment in URI',
  'uri/Underscore in hostname',
  'uri/`host:port` and basic auth',
];
/** What class thread answers with 501. */
const WEB_SOCKETS = ['connection/Multiple tokens with folding and LWS', 'connection/Upgrade GET request'];
/** A GET, of which a fetch handler gets no body, and answers before that is found to be bad. */
const OF_GET = ['transfer-encoding/Chunk data not terminated by CRLF'];

const combinations = Object.entries(CLASSES).flatMap(([name, args]) =>
  Object.entries(SHAPES)
    // It runs no programs.
    .filter(([shape]) => name !== 'thread' || shape !== 'program')
    .map(([shape, app]) => ({
      name,
      shape,
      args: [...args, '--limit-request-body', '1000', '-b', '127.0.0.1:0', app],
    })),
);
const servers = shareServers(
  combinations.map(({ args }) => args),
  { cwd: sharedDirectory() },
);

describe.each(combinations.map((combination, index) => ({ ...combination, index })))(
  'class $name with the shape $shape',
  ({ name, shape, index }) => {
    const tried = () => ({ url: servers[index]?.().at ?? '', keepsConnections: name !== 'sync' });

    it.concurrent(`does what it must with ${rawCases.length} requests, and what is behind them`, async () => {
      expect(await tryCases(tried(), rawCases)).toEqual([]);
    });

    it.skipIf(ofLlhttp.length === 0).concurrent(
      "answers llhttp's own cases, but for what it refuses",
      async () => {
        const unlike = await unlikeLlhttp(tried(), ofLlhttp);
        const known = [
          ...UNLIKE,
          ...(name === 'thread' ? WEB_SOCKETS : []),
          ...(shape === 'fetch' ? OF_GET : []),
        ];
        expect(unlike.filter((one) => !known.includes(one))).toEqual([]);
      },
    );
  },
);
