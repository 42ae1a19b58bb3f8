import type { Serializable } from 'node:child_process';
import type { Clock } from '../support/clock.ts';
import { type ChildSpec, type Spawn, startChild } from './child.ts';

/** The answer as it is sent: what the child loads may send other messages over the same channel. */
interface AnswerMessage {
  readonly tsunicorn: 'answer';
  readonly answer: unknown;
}

/** The outcome of asking a child. */
export type Outcome<Answer> =
  | { readonly how: 'answered'; readonly answer: Answer }
  /** No process could be started; `why` says why and what to do. */
  | { readonly how: 'unstarted'; readonly why: string }
  /** There was no answer within the limit, and the child was killed. */
  | { readonly how: 'overdue' }
  /** It ended without an answer. */
  | { readonly how: 'ended'; readonly status: number | null; readonly signal: NodeJS.Signals | null };

export interface AskOptions {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** How to start a program that calls answerOnce(); its standard streams are ours. */
  readonly child: ChildSpec;
  readonly question: Serializable;
  /** Infinity where there is no limit. */
  readonly limitMs: number;
}

/** Starts a child, asks it one question and resolves with the outcome. The child is killed when this process exits. */
export function askChild<Answer>(options: AskOptions): Promise<Outcome<Answer>> {
  const { spawn, clock, child: spec, question, limitMs } = options;
  return new Promise((resolve) => {
    const child = startChild(spawn, { ...spec, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }, (why) =>
      resolve({ how: 'unstarted', why }),
    );
    if (child === null) return;
    const kill = () => child.kill('SIGKILL');
    // A child that blocks its event loop would not notice that its parent is gone.
    process.once('exit', kill);
    const expire = () => {
      kill();
      resolve({ how: 'overdue' });
    };
    const cancel = limitMs === Infinity ? () => {} : clock.after(limitMs, expire);
    child.on('message', (message) => {
      // The child runs our own program, whose answer has this type.
      if (isAnswer(message)) resolve({ how: 'answered', answer: message.answer as Answer });
    });
    child.on('close', (status, signal) => {
      cancel();
      process.off('exit', kill);
      resolve({ how: 'ended', status, signal });
    });
    child.send(question);
  });
}

/** The child's side of askChild(): answers one question, then exits. Also exits when the parent is gone. */
export function answerOnce<Question>(answer: (question: Question) => Promise<object>): void {
  process.once('message', async (question: Question) => {
    const message: AnswerMessage = { tsunicorn: 'answer', answer: await answer(question) };
    process.send?.(message, undefined, undefined, () => process.exit(0));
  });
  // Not process.exit(): the code that was loaded, or a thread of it, can delay that for ever.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

function isAnswer(message: unknown): message is AnswerMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'tsunicorn' in message &&
    message.tsunicorn === 'answer' &&
    'answer' in message
  );
}
