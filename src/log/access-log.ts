import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf, UsageError } from '../errors.ts';
import { plainAddress } from '../plain-address.ts';
import type { Entry } from './access-entry.ts';
import { compileFormat } from './access-format.ts';
import { countBody } from './count-body.ts';
import { Destination } from './destination.ts';

import type { Say } from './trouble.ts';

export { checkAccessFormat } from './access-format.ts';

/** Writes one line for each request. No call throws; a disk that is full costs lines, never answers. */
export interface AccessLog {
  /** Notes the start of a request; when the response is finished, or its client gone, one line is written. */
  observe(req: IncomingMessage, res: ServerResponse): void;
  /** Opens the file again (USR1 after logrotate moved it). */
  reopen(): void;
  /** Writes out what is gathered, waiting at most half a second for a full pipe; the process's exit does so by itself. */
  flush(): void;
}

export interface AccessLogOptions {
  /** `%(x)s` atoms, or the word `combined` or `json`. */
  readonly format: string;
  /** A path, or `-` for the standard output; null for no file. */
  readonly file: string | null;
  /** The descriptor that `-` stands for, where it is not 1. */
  readonly standard?: number;
  /** Gets each line too, without its newline. */
  readonly also?: (line: string) => void;
  /** Says that lines cannot be written, or the file not be reopened. */
  readonly say?: Say;
}

/** Opens the log and compiles its format. Throws a UsageError where either cannot be done. */
export function createAccessLog({ format, file, standard = 1, also, say }: AccessLogOptions): AccessLog {
  const { needs, line, shortLine } = compileFormat('--access-logformat', format);
  const destination = file === null ? null : openDestination(file, standard, say);
  const limit = destination?.lineLimit ?? Number.POSITIVE_INFINITY;

  function write(entry: Entry): void {
    try {
      const text = line(entry);
      destination?.write(text.length > limit ? shortLine(entry, limit) : text);
      also?.(text.slice(0, -1));
    } catch {
      // The application left something that cannot be read (a getter that throws, say): its line is lost, no more.
    }
  }

  // An application may call process.exit() itself.
  process.once('exit', () => destination?.flush());

  return {
    observe(req, res) {
      // Headers given to writeHead() are only kept, for getHeader() to find, if a header was set before it.
      if (needs.responseHeaders) keepHeaders(res);
      const entry: Entry = {
        req,
        res,
        method: req.method ?? '',
        url: req.url ?? '',
        remote: needs.remote ? plainAddress(req.socket.remoteAddress ?? '') : '',
        startMs: needs.start ? performance.now() : 0,
        body: needs.body ? countBody(res) : null,
      };
      res.on('close', () => write(entry));
    },
    reopen: () => destination?.reopen(),
    flush: () => destination?.flush(),
  };
}

function openDestination(file: string, standard: number, say: Say | undefined): Destination {
  try {
    return new Destination({ file, standard, gather: true, ...(say ? { say } : {}) });
  } catch (error) {
    throw new UsageError(`--access-logfile: cannot write ${file}: ${messageOf(error)}`);
  }
}

function keepHeaders(res: ServerResponse): void {
  res.setHeader('x-tsunicorn', '');
  res.removeHeader('x-tsunicorn');
}
