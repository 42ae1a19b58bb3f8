import type { IncomingMessage, ServerResponse } from 'node:http';
import { fs } from '../../../support/builtins.ts';
import { answerError } from '../../answer-error.ts';
import type { FileHead } from './file-head.ts';
import type { OpenFiles } from './open-files.ts';
import type { OpenFile } from './open-inside.ts';
import { sendPart } from './send-part.ts';
import type { SmallFile } from './small-files.ts';

/**
 * Answers with a part of an open file, and closes it, also where it throws. `headers` are sent beside those of `head`, and
 * `openFiles` are those of all answers.
 */
export function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: OpenFile,
  head: FileHead,
  headers: Readonly<Record<string, string | undefined>>,
  openFiles: OpenFiles,
): void {
  const { fd } = file;
  if (response.closed || response.writableEnded || response.headersSent) return fs.closeSync(fd);
  if (head.isError) {
    fs.closeSync(fd);
    return answerError(response, head.status, textsOf(head.headers));
  }
  try {
    setHead(response, head, headers);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  if (request.method !== 'HEAD' && head.length > 0)
    return sendPart(response, file, head.from, head.length, () => openFiles.keep(request.socket));
  fs.closeSync(fd);
  response.end();
}

/** Answers with a small file that was read, the head of which is that of a whole one. */
export function answerSmall(
  request: IncomingMessage,
  response: ServerResponse,
  { head, body }: SmallFile,
  headers: Readonly<Record<string, string | undefined>>,
): void {
  if (response.closed || response.writableEnded || response.headersSent) return;
  setHead(response, head, headers);
  if (request.method === 'HEAD' || body === '') response.end();
  else response.end(body, 'latin1');
}

function setHead(
  response: ServerResponse,
  head: FileHead,
  headers: Readonly<Record<string, string | undefined>>,
): void {
  response.statusCode = head.status;
  for (const [name, value] of Object.entries(head.headers)) response.setHeader(name, value);
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !(head.status === 304 && isOfBody(name))) response.setHeader(name, value);
}

/** What a 304 leaves out (RFC 9110, 15.4.5). */
function isOfBody(name: string): boolean {
  return name === 'Content-Type' || name === 'Content-Encoding';
}

function textsOf(headers: FileHead['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
