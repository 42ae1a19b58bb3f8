import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  type Identified,
  keepId,
  knownIdOf,
  requestIdOf,
  tagsOf,
  tagText,
  traceParentOf,
} from '../../../src/support/request-id.ts';
import { withTrust } from '../../../src/support/trusted-peers.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

function asked(rawHeaders: readonly string[], isTrusted = true): Identified {
  return { rawHeaders, socket: withTrust(isTrusted) } as unknown as IncomingMessage;
}

describe('the id of a request', () => {
  it('is that of a trusted peer', () => {
    const request = asked(['Host', 'x', 'X-REQUEST-ID', 'given-1']);
    expect([knownIdOf(request), requestIdOf(request)]).toEqual(['given-1', 'given-1']);
  });

  it('is made once where nobody is believed, and not before it is asked for', () => {
    const request = asked(['X-Request-Id', 'forged'], false);
    expect(knownIdOf(request)).toBeNull();
    const id = requestIdOf(request);
    expect(id).toMatch(/^[\da-z]{12}-[\da-z]+$/);
    expect([requestIdOf(request), knownIdOf(request)]).toEqual([id, id]);
    expect(requestIdOf(asked([]))).not.toBe(id);
  });

  it.each(['', 'a b', 'a\x1b[2J', 'x'.repeat(129), 'a"b', 'a\nb', 'é'])(
    'is nothing that could forge a log: %j',
    (given) => expect(knownIdOf(asked(['x-request-id', given]))).toBeNull(),
  );

  it('is another one where it was handed on', () => {
    const request = asked([]);
    keepId(request, 'handed');
    expect(tagsOf(request)).toEqual({ requestId: 'handed' });
  });
});

describe('the trace of a request', () => {
  it('is read from traceparent, whoever sends it', () => {
    const trace = { traceId: TRACE, spanId: 'b7ad6b7169203331', isSampled: true };
    expect(traceParentOf(asked(['TraceParent', PARENT], false))).toEqual(trace);
    expect(traceParentOf(asked(['traceparent', `01-${PARENT.slice(3, -2)}00-more`]))).toEqual({
      ...trace,
      isSampled: false,
    });
    expect(tagText(tagsOf(asked(['traceparent', PARENT, 'x-request-id', 'a'])))).toBe(` [a, trace ${TRACE}]`);
    expect(tagText({})).toBe('');
  });

  it.each([
    ['', 'an empty one'],
    [`ff-${PARENT.slice(3)}`, 'a forbidden version'],
    [PARENT.toUpperCase(), 'capital letters'],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'no trace'],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, 'no span'],
    [`${PARENT}0`, 'too long'],
  ])('is not %j: %s', (given) => expect(traceParentOf(asked(['traceparent', given]))).toBeNull());
});
