import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOurs } from '../../src/app/failure.ts';
import { answerError } from '../../src/http/answer-error.ts';
import { messageOf } from '../../src/support/errors.ts';
import { originalUrl } from '../../src/support/mounted.ts';
import { placeOf } from '../../src/support/place.ts';
import { isFrame } from '../../src/support/stack-frames.ts';
import { stackLines } from '../../src/support/text.ts';

type Form = 'html' | 'json' | 'text';

/**
 * `--debug`: answers with status 500 and what went wrong, as a page, as JSON or as text, whatever the client asks for.
 * `lines` are those of the place in the code, where it is not that of the stack. Never rejects.
 */
export async function answerWithError(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  lines?: readonly string[],
): Promise<void> {
  if (response.headersSent) return void response.destroy();
  try {
    const nonce = randomBytes(16).toString('base64');
    const { type, body } = await render(error, request, lines ?? linesOf(error), nonce);
    // The client may have gone, or the application have answered after all.
    if (response.headersSent || response.destroyed) return;
    for (const name of response.getHeaderNames()) if (name !== 'connection') response.removeHeader(name);
    response.writeHead(500, {
      'Content-Type': `${type}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': contentPolicy(nonce),
    });
    response.end(body);
  } catch {
    // The error has getters that throw, or the library fails on it: the log has it already.
    answerError(response);
  }
}

/** Whatever the text of an error holds, only the page's own script and its copy button run. */
function contentPolicy(nonce: string): string {
  const button = createHash('sha256').update('copyErrorMessage(this)').digest('base64');
  return [
    "default-src 'none'",
    'img-src data:',
    "style-src 'unsafe-inline'",
    `script-src 'nonce-${nonce}' 'unsafe-hashes' 'sha256-${button}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function render(
  error: unknown,
  request: IncomingMessage,
  lines: readonly string[],
  nonce: string,
): Promise<{ readonly type: string; readonly body: string }> {
  switch (preferredForm(request.headers.accept)) {
    case 'html':
      return { type: 'text/html', body: await pageOf(error, request, lines, nonce) };
    case 'json':
      return { type: 'application/json', body: `${JSON.stringify(jsonOf(error, lines), null, 2)}\n` };
    case 'text':
      return { type: 'text/plain', body: textOf(error, lines) };
  }
}

const FORMS: Readonly<Record<string, Form>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'application/json': 'json',
  'text/plain': 'text',
};

/** What the Accept header prefers (RFC 9110, section 12.5.1); text where it is not a page or JSON that it names. */
export function preferredForm(accept = ''): Form {
  let best: { readonly form: Form; readonly weight: number } = { form: 'text', weight: 0 };
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const form = FORMS[type];
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = quality === undefined ? 1 : Number(quality.slice(2));
    if (form !== undefined && weight > best.weight) best = { form, weight };
  }
  return best.form;
}

async function pageOf(
  error: unknown,
  request: IncomingMessage,
  lines: readonly string[],
  cspNonce: string,
): Promise<string> {
  try {
    return await youchPage(error, request, cspNonce);
  } catch {
    // For example, the application has changed globals so that the library does not load.
    return `<!DOCTYPE html><title>Internal Server Error</title><pre>${escapeHtml(textOf(error, lines))}</pre>\n`;
  }
}

async function youchPage(error: unknown, request: IncomingMessage, cspNonce: string): Promise<string> {
  const { Youch } = await import('youch');
  const youch = new Youch();
  youch.useTransformer((parsed) => {
    // The library puts these into the page as they are. A hint may be meant as markup, but not here.
    delete parsed.hint;
    parsed.frames = parsed.frames.filter(({ raw = '' }) => !isOurs(raw));
    for (const frame of parsed.frames) {
      if (frame.functionName !== undefined) frame.functionName = escapeHtml(frame.functionName);
      if (frame.fileName !== undefined) frame.fileName = escapeHtml(frame.fileName);
    }
  });
  const { method = '', headers } = request;
  const url = originalUrl(request);
  return youch.toHTML(error, { title: 'Internal Server Error', cspNonce, request: { url, method, headers } });
}

/** Text as HTML, also within quotes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function jsonOf(error: unknown, lines: readonly string[]) {
  const name = error instanceof Error ? error.name : 'Error';
  return { error: { name, message: messageOf(error), place: lines, stack: theirStack(error) } };
}

function textOf(error: unknown, lines: readonly string[]): string {
  return ['500 Internal Server Error', '', ...lines, '', ...theirStack(error), ''].join('\n');
}

function theirStack(error: unknown): readonly string[] {
  return stackLines(error).filter((line) => !isFrame(line) || !isOurs(line));
}

function linesOf(error: unknown): readonly string[] {
  const stack = error instanceof Error ? error.stack : undefined;
  return (stack === undefined ? undefined : placeOf(stack)?.lines) ?? [];
}
