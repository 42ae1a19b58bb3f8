import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { cancel, propertyOf } from './internals.ts';

/** What nghttp2 says of a stream that it does not know, or no longer. */
const GONE: ReadonlySet<number | undefined> = new Set([undefined, 1, 7]);

/** What is used of the native session. */
interface Native {
  /** Node has it called when a session that is to end has nothing to read or to write any more. */
  ongracefulclosecomplete?: unknown;
}

interface State {
  readonly streams?: ReadonlyMap<number, ServerHttp2Stream>;
}

/**
 * Ends a session whose client breaks the protocol after one side has sent GOAWAY. nghttp2 then neither reads nor writes any
 * more, and drops the answers that are under way. Node ends a session at such an error, but one that is closing waits for its
 * streams: they do not end, and nobody sees that the client does. It emits `error` first, as Node does.
 */
export function endWhereBroken(session: ServerHttp2Session): void {
  const native = propertyOf<Native>(session, 'kHandle');
  const complete = native?.ongracefulclosecomplete;
  if (native === undefined || typeof complete !== 'function') return;
  native.ongracefulclosecomplete = (...args: unknown[]): void => {
    Reflect.apply(complete, native, args);
    // With open streams nghttp2 has nothing more to read only after an error.
    if (session.destroyed || !hasOpenStreams(session)) return;
    session.emit('error', brokenProtocol());
    cancel(session);
  };
}

/** As Node names it. */
function brokenProtocol(): Error {
  return Object.assign(new Error('Protocol error'), { code: 'ERR_HTTP2_ERROR' });
}

function hasOpenStreams(session: ServerHttp2Session): boolean {
  const { streams = new Map() } = propertyOf<State>(session, 'state') ?? {};
  return [...streams.values()].some(({ state }) => !GONE.has(state.state));
}
