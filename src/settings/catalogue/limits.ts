import { nullable } from '../compound-kinds.ts';
import { boolean, choice, integer, seconds, size } from '../kinds.ts';
import { setting } from '../setting.ts';

// Defined here, because inside setting() its words would widen to string.
const headerMap = choice(['drop', 'refuse', 'dangerous']);

/** What a request may be like, and how long it may take to arrive. */
export const limits = {
  limitRequestLine: setting({
    doc: 'The longest request line, in bytes; a longer one is answered with 414. 0 means no limit of its own: all of the header together is limited by Node (16 KB, or `--max-http-header-size` in `NODE_OPTIONS`), or by twice this setting or `limitRequestFieldSize` if that is more.',
    flags: '--limit-request-line',
    kind: integer({ min: 0, max: 1_048_576 }),
    default: 4094,
  }),
  limitRequestFields: setting({
    doc: 'The most header fields of a request; one with more is answered with 431. 0 means no limit.',
    flags: '--limit-request-fields',
    kind: integer({ min: 0, max: 32_768 }),
    default: 100,
  }),
  limitRequestFieldSize: setting({
    doc: 'The longest header field, its name and line end included, in bytes; a request with a longer one is answered with 431. 0 means the default.',
    flags: '--limit-request-field-size',
    kind: integer({ min: 0, max: 1_048_576 }),
    default: 8190,
  }),
  limitRequestBody: setting({
    doc: 'The largest body of a request, such as `10M`; a larger one is answered with 413: before it is read where `Content-Length` tells its size, otherwise as soon as more has come. 0 means no limit. Not for requests of a program’s own server of HTTP/2 that do not tell their size.',
    flags: '--limit-request-body',
    kind: nullable(size({ min: 0 })),
    default: null,
    defaultText: 'no limit in class `async`, 64M in classes `sync` and `thread`',
  }),
  bodyFiles: setting({
    doc: 'What a worker of class `sync` or `thread` keeps at most in files of `TMPDIR`: the bodies of requests that have not got their turn. A request whose body finds no room is answered with 503. Not less than one body of `limitRequestBody`. 0 means no limit.',
    flags: '--body-files',
    kind: size({ min: 0 }),
    default: 2 * 1024 ** 3,
    needs: { classes: ['sync', 'thread'] },
  }),
  headerTimeout: setting({
    doc: 'How long a client may take to send the header of a request, from when it has connected or has begun with it. It is then answered with 408. 0 means no limit but that of `requestTimeout`. A program’s own `headersTimeout` takes precedence.',
    flags: '--header-timeout',
    kind: seconds(),
    default: 10,
  }),
  bodyTimeout: setting({
    doc: 'How long a client may take to send the body of a request, to which each 500 bytes add a second. It is then answered with 408, or its connection is cut if its answer has ended. Time in which the application does not read counts for nothing, nor does that in which it has begun its answer and not ended it. 0 means no limit but that of `requestTimeout`. Not for a program’s own server of HTTP/2.',
    flags: '--body-timeout',
    kind: seconds(),
    default: 20,
  }),
  writeTimeout: setting({
    doc: 'How long nothing more of an answer may be taken by the kernel before the connection is cut. A slow reader may have to empty several megabytes of the kernel’s buffers first. 0 means no limit. Not for WebSockets and a program’s own server of HTTP/2.',
    flags: '--write-timeout',
    kind: seconds(),
    default: 300,
  }),
  headerMap: setting({
    doc: 'What is done with header fields that have an underscore in their name, which in variables such as `HTTP_X_FORWARDED_FOR` cannot be told from those with hyphens: `drop` leaves them out of the environ of gateway applications, `refuse` answers the request with 400, whatever the application is, and `dangerous` puts them into the environ, where nothing but the proxy keeps clients from forging what others have checked. Trusted peers may send those that `forwarderHeaders` names.',
    flags: '--header-map',
    kind: headerMap,
    default: 'drop',
  }),
  permitUnconventionalHttpMethod: setting({
    doc: 'Let all methods through that Node’s parser knows, TRACE and those of other protocols (SOURCE) included. Others are always refused with 400, since Node cannot parse them.',
    flags: '--permit-unconventional-http-method',
    kind: boolean(),
    default: false,
  }),
};
