import type { IncomingMessage } from 'node:http';
import { dropProxy } from './drop-proxy.ts';
import { FAULTS, type Fault } from './fault.ts';
import type { Forwarding } from './forwarded.ts';
import { isAuthority, isSameAuthority } from './host.ts';
import type { EdgeLimits } from './limits.ts';
import { isMethodAllowed } from './methods.ts';

export interface Policy {
  /** Whether a request of HTTP/1.1 must have a Host header, as RFC 9112, 3.2 says. */
  readonly requiresHost: () => boolean;
  readonly limits: EdgeLimits;
  /** Whether the application answers requests with an Expect that is not 100-continue. */
  readonly takesExpectations: () => boolean;
  /** Null where nobody's headers are believed. */
  readonly forwarding: Forwarding | null;
}

/** A request with nothing wrong about its head, about which something is to be done. */
export interface Passed {
  /** Its body has to be checked as well. */
  readonly isChunked: boolean;
  /** It asks for another protocol. Where it does not get that, Node throws away what it has read behind the head. */
  readonly isSwitching: boolean;
}

const PASSED: readonly Passed[] = [true, false].flatMap((isSwitching) =>
  [true, false].map((isChunked) => ({ isChunked, isSwitching })),
);
const [BOTH = null, SWITCHING = null, CHUNKED = null] = PASSED;

/** Returns what is wrong with a request of which only the head has arrived, or is to be done; null where nothing is. */
export type Scan = (request: IncomingMessage) => Fault | Passed | null;

/** Whether it is to be refused. */
export function isFault(verdict: Fault | Passed | null): verdict is Fault {
  return verdict !== null && 'status' in verdict;
}

const ABSOLUTE = /^(https?):\/\/([^/?#]*)/i;
/** As llhttp finds it among the values of Connection. */
const UPGRADE = /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i;
const UPPER_TO_LOWER = 0x20;
/** The two spaces and the version. */
const AROUND_TARGET = ' '.length + ' HTTP/1.1'.length;
/** The colon, a space and the line end, which Gunicorn counts too. */
const AROUND_VALUE = ': \r\n'.length;

/** What the fields of a head that matter here have said so far; one object serves all requests of a scan. */
interface Head {
  minor: number;
  host: string | null;
  isCoded: boolean;
  hasBody: boolean;
  hasProxy: boolean;
  hasType: boolean;
  hasUpgrade: boolean;
  isForwarded: boolean;
}

interface Field {
  readonly name: string;
  readonly first: number;
  readonly check: (head: Head, value: string) => Fault | null;
  /** Another one with a name of the same length. */
  readonly next: Field | undefined;
}

/**
 * Compiles the check that each request passes before anything of the application's: what llhttp takes although a proxy,
 * or the application, may read it in another way. It is one loop over the header, without an allocation.
 */
export function compileScan(policy: Policy, isVersion = isOfHttp1): Scan {
  const scan = compileChecks(policy, isVersion);
  const { forwarding } = policy;
  if (forwarding === null) return scan;
  return (request) => {
    const verdict = scan(request);
    // What is refused is logged with its client, whom most faults are found before.
    if (isFault(verdict)) forwarding.read(request);
    return verdict;
  };
}

function compileChecks(policy: Policy, isVersion: typeof isOfHttp1): Scan {
  const fields = fieldsByLength(policy);
  const { requiresHost, limits, forwarding } = policy;
  const head: Head = {
    minor: 1,
    host: null,
    isCoded: false,
    hasBody: false,
    hasProxy: false,
    hasType: false,
    hasUpgrade: false,
    isForwarded: false,
  };
  return (request) => {
    const { method = '', url = '', httpVersionMajor: major, httpVersionMinor: minor, rawHeaders } = request;
    if (!isVersion(major, minor)) return FAULTS.version;
    if (method.length + url.length + AROUND_TARGET > limits.line) return FAULTS.line;
    if (rawHeaders.length > 2 * limits.fields) return FAULTS.fields;
    reset(head, major === 1 ? minor : 1);
    const fault = fieldFault(request, fields, head, policy);
    const ofHead = fault ?? (head.isForwarded ? forwarding?.read(request) : null) ?? null;
    if (ofHead !== null) return ofHead;
    if (head.hasProxy) dropProxy(request);
    if (head.host === null && head.minor === 1 && requiresHost()) return FAULTS.noHost;
    const ofMethod = methodFault(method, head.hasBody, limits.permitsAnyMethod);
    return ofMethod ?? targetFault(method, url, head.host) ?? passed(request, head);
  };
}

function passed({ headers }: IncomingMessage, { isCoded, hasUpgrade }: Head): Passed | null {
  if (hasUpgrade && UPGRADE.test(headers.connection ?? '')) return isCoded ? BOTH : SWITCHING;
  return isCoded ? CHUNKED : null;
}

function isOfHttp1(major: number, minor: number): boolean {
  return major === 1 && minor <= 1;
}

function reset(head: Head, minor: number): void {
  head.minor = minor;
  head.host = null;
  head.isCoded = false;
  head.hasBody = false;
  head.hasProxy = false;
  head.hasType = false;
  head.hasUpgrade = false;
  head.isForwarded = false;
}

function fieldFault(
  request: IncomingMessage,
  fields: readonly (Field | undefined)[],
  head: Head,
  { limits: { fieldSize, refusesUnderscores }, forwarding }: Policy,
): Fault | null {
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    const value = rawHeaders[at + 1] as string;
    if (name.length + AROUND_VALUE + value.length > fieldSize) return FAULTS.fieldSize;
    if (refusesUnderscores && name.includes('_') && forwarding?.takes(request, name) !== true)
      return FAULTS.underscore;
    // The length and the first letter tell of nearly every field that it is none of these.
    for (let field = fields[name.length]; field !== undefined; field = field.next) {
      if ((name.charCodeAt(0) | UPPER_TO_LOWER) !== field.first) continue;
      if (name.toLowerCase() !== field.name) continue;
      const fault = field.check(head, value);
      if (fault !== null) return fault;
      break;
    }
  }
  return null;
}

function methodFault(method: string, hasBody: boolean, permitsAny: boolean): Fault | null {
  // It has an event of its own.
  if (method === 'CONNECT') return null;
  if (method === 'TRACE' && hasBody) return FAULTS.traceBody;
  return isMethodAllowed(method, permitsAny) ? null : FAULTS.method;
}

type Described = Omit<Field, 'next'>;

function field(name: string, check: Field['check']): Described {
  return { name, first: name.charCodeAt(0), check };
}

/** The fields that are looked at, each at the length of its name. */
function fieldsByLength({ takesExpectations, limits, forwarding }: Policy): readonly (Field | undefined)[] {
  const fields = [
    field('host', hostCheck()),
    field('content-length', (head, value) => {
      head.hasBody = value !== '0';
      return Number(value) > limits.body ? FAULTS.body : null;
    }),
    field('transfer-encoding', (head, value) => {
      if (head.minor === 0) return FAULTS.codingOf10;
      if (head.isCoded || !isChunked(value)) return FAULTS.coding;
      head.isCoded = true;
      head.hasBody = true;
      return null;
    }),
    field('content-type', (head) => {
      if (head.hasType) return FAULTS.types;
      head.hasType = true;
      return null;
    }),
    // A server of HTTP/1.0 ignores it.
    field('expect', ({ minor }, value) =>
      minor === 0 || isContinue(value) || takesExpectations() ? null : FAULTS.expectation,
    ),
    field('upgrade', (head) => {
      head.hasUpgrade = true;
      return null;
    }),
    field('proxy', (head) => {
      head.hasProxy = true;
      return null;
    }),
    ...(forwarding?.names ?? []).map((name) =>
      field(name, (head) => {
        head.isForwarded = true;
        return null;
      }),
    ),
  ];
  const longest = Math.max(...fields.map(({ name }) => name.length));
  return Array.from({ length: longest + 1 }, (_, length) =>
    fields
      .filter(({ name }) => name.length === length)
      .reduceRight<Field | undefined>((next, one) => ({ ...one, next }), undefined),
  );
}

function hostCheck(): Field['check'] {
  // Most requests are for the same host.
  let known = '';
  return (head, value) => {
    if (head.host !== null) return FAULTS.hosts;
    head.host = value;
    if (value === known && value !== '') return null;
    if (!isAuthority(value)) return FAULTS.host;
    known = value;
    return null;
  };
}

function isChunked(value: string): boolean {
  return value === 'chunked' || value.toLowerCase() === 'chunked';
}

function isContinue(value: string): boolean {
  return value === '100-continue' || value.toLowerCase() === '100-continue';
}

/** Whether there is one in the path, where URL parsers take it for a slash and others do not. In queries browsers send it. */
function hasBackslash(url: string): boolean {
  const at = url.indexOf('\\');
  if (at < 0) return false;
  const query = url.indexOf('?');
  return query < 0 || at < query;
}

/** RFC 9112, 3.2: a path, an absolute URL for the same host, `*` of OPTIONS, or the authority of CONNECT. */
export function targetFault(method: string, url: string, host: string | null): Fault | null {
  // A fragment is never sent.
  if (url.includes('#') || hasBackslash(url)) return FAULTS.target;
  if (url[0] === '/') return method === 'CONNECT' ? FAULTS.target : null;
  if (method === 'CONNECT') return isAuthority(url) ? null : FAULTS.target;
  if (url === '*') return method === 'OPTIONS' ? null : FAULTS.target;
  const [, scheme = '', authority = ''] = ABSOLUTE.exec(url) ?? [];
  if (!isAuthority(authority)) return FAULTS.target;
  return host === null || isSameAuthority(authority, host, scheme) ? null : FAULTS.authority;
}
