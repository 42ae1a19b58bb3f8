import { describe } from '../support/describe.ts';
import { HOP_BY_HOP } from './hop-by-hop.ts';
import { must } from './violation.ts';

const NO_CONTENT = new Set(['204', '304']);

/** Checks the arguments of startResponse(). Throws a GatewayViolation. */
export function checkHead(args: readonly unknown[]): void {
  const [status, headers, error] = args;
  need(
    args.length === 2 || args.length === 3,
    `called startResponse() with ${args.length} arguments, not 2 or 3`,
  );
  need(typeof status === 'string', `gave ${describe(status)} as status, not text such as '200 OK'`);
  need(
    /^[2-5]\d\d [^\p{Cc}]+$/u.test(status),
    `gave the status '${status}'; it is three digits from 200 to 599, one space and words`,
  );
  need(Array.isArray(headers), `gave ${describe(headers)} as headers, not an array of [name, value]`);
  for (const header of headers) checkHeader(header);
  checkContentType(status.slice(0, 3), headers);
  need(
    error === undefined || error === null || error instanceof Error,
    `gave ${describe(error)} as the third argument of startResponse(), not the error that it answers`,
  );
}

function checkHeader(header: unknown): void {
  need(
    Array.isArray(header) && header.length === 2,
    `gave ${describe(header)} as a header, not [name, value]`,
  );
  const [name, value]: readonly unknown[] = header;
  need(typeof name === 'string', `gave ${describe(name)} as the name of a header, not text`);
  need(typeof value === 'string', `gave ${describe(value)} as the value of the header ${name}, not text`);
  need(/^[!#$%&'*+.^_`|~\w-]*[\w]$/.test(name) && !name.endsWith('_'), `gave a header the name '${name}'`);
  need(
    !/^status$/i.test(name),
    'gave the header Status; the status is the first argument of startResponse()',
  );
  need(!HOP_BY_HOP.test(name), `gave the header ${name}, which only the server may set`);
  // Bytes of ISO 8859-1, among them the tab alone of the control characters (RFC 9110, 5.5).
  need(/^[\t -~\x80-\xff]*$/.test(value), `gave the header ${name} the value ${JSON.stringify(value)}`);
}

function checkContentType(status: string, headers: readonly (readonly string[])[]): void {
  const has = headers.some(([name]) => name?.toLowerCase() === 'content-type');
  if (NO_CONTENT.has(status)) need(!has, `gave a Content-Type with status ${status}, which has no content`);
  else need(has, 'gave no Content-Type');
}

function need(holds: boolean, fault: string): asserts holds {
  must('application', holds, fault);
}
