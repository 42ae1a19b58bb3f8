import type { ChildProcess } from 'node:child_process';
import { joinArguments } from '../../settings/sources/split-arguments.ts';
import { codeOf, messageOf } from '../../support/errors.ts';
import { Failure, STATUS } from '../failure.ts';
import type { Host } from './hosts.ts';

/** Never asks for a password, which nobody would see behind the progress. */
export const SSH: readonly string[] = ['ssh', '-o', 'BatchMode=yes'];

/** What the tsunicornctl of a host said. */
export interface Told {
  readonly status: number;
  /** Its answer; null where it printed none. */
  readonly answer: Readonly<Record<string, unknown>> | null;
  /** The last line of its standard error; empty where there is none. */
  readonly complaint: string;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  /** Called with each line of its standard error. */
  readonly heard?: (line: string) => void;
}

/** Runs tsunicornctl with these words on a host. Rejects with a Failure where it could not be run to its end. */
export type Run = (host: Host, words: readonly string[], options: RunOptions) => Promise<Told>;

/** What a shell says of a command that it does not find. */
const NOT_FOUND = 127;
/** What ssh says where it could not connect. */
const NO_CONNECTION = 255;
/** An answer has a few kilobytes a worker. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Runs by `command` and what ssh takes: `-p port` where there is one, the host, and one word for the shell there. `ctl` is the
 * tsunicornctl of hosts that have none of their own.
 */
export function sshRun(command: readonly string[], ctl: string): Run {
  return async (host, words, options) => {
    const { target, port, choice } = host;
    const [file = '', ...args] = [...command, ...(port === null ? [] : ['-p', `${port}`]), target];
    const there = joinArguments([host.ctl ?? ctl, ...words, ...choice, '--json']);
    const { code, by, stdout, stderr } = await runToEnd(file, [...args, there], options);
    const complaint = stderr.trimEnd().split('\n').at(-1) ?? '';
    const status = code ?? NO_CONNECTION;
    if (code === null) throw new Failure(STATUS.noService, `${file} was ended by ${by}`);
    if (status === NO_CONNECTION)
      throw new Failure(
        STATUS.noService,
        `it cannot be reached: ${complaint || `${file} ended with ${status}`}`,
      );
    if (status === NOT_FOUND)
      throw new Failure(
        STATUS.noService,
        `there is no ${host.ctl ?? ctl} there (${complaint}); give its path with --ctl`,
      );
    return { status, answer: lastObject(stdout), complaint };
  };
}

interface Ended {
  readonly code: number | null;
  readonly by: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runToEnd(file: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { signal, limitMs, heard } = options;
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    // In a group of its own Ctrl-C does not end it, before it is known what it was about.
    const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = collect(child, heard ?? (() => {}));
    const end = (error: unknown) => {
      endGroup(child);
      // It may have left somebody who holds its output.
      reject(error);
    };
    const abort = () => end(signal.reason);
    const timer = setTimeout(
      () => end(new Failure(STATUS.timedOut, `no answer within ${limitMs / 1000} s`)),
      limitMs,
    );
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    child.once('error', (error) => {
      settled();
      const why = codeOf(error) === 'ENOENT' ? 'there is no such command' : messageOf(error);
      reject(new Failure(STATUS.refused, `${file}: ${why}; install it, or name another with --ssh`));
    });
    child.once('close', (code, by) => {
      settled();
      resolve({ code, by, ...output });
    });
  });
}

/** What the child writes; each line of the standard error is told. */
function collect(child: ChildProcess, heard: (line: string) => void) {
  const output = { stdout: '', stderr: '' };
  let unfinished = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (output.stdout.length < MOST_BYTES) output.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr = `${output.stderr}${text}`.slice(-MOST_BYTES);
    const lines = `${unfinished}${text}`.split('\n');
    // One without an end is told in parts.
    unfinished = (lines.pop() ?? '').slice(-MOST_BYTES);
    for (const line of lines) heard(line);
  });
  return output;
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}

/** The last line that is a JSON object: what the shell there prints when it starts may stand before it. */
function lastObject(stdout: string): Told['answer'] {
  for (const line of stdout.trimEnd().split('\n').toReversed()) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null) return value as Told['answer'];
    } catch {
      // A greeting.
    }
  }
  return null;
}
