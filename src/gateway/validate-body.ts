import { describe } from '../support/describe.ts';
import { closerOf, isBody } from './body.ts';
import type { Body, Chunk } from './types.ts';
import { must } from './violation.ts';

const ENDED_UNSTARTED = 'ended the body without calling startResponse()';

/** The state of one call of an application. */
export interface Course {
  isStarted: boolean;
  isIterated: boolean;
  isAsked: boolean;
  isClosed: boolean;
}

/**
 * Wraps a body: checks each chunk as it is made, and how the server reads. An array stays an array, since it is answered
 * with its length.
 */
export function checkedBody(body: unknown, course: Course): Body {
  must(
    'application',
    isBody(body),
    `returned ${describe(body)}, not an iterable of strings or Uint8Arrays, such as [text]`,
  );
  const close = closer(body, course);
  if (Array.isArray(body)) return Object.assign(checkedArray(body, course), { close });
  if (Symbol.asyncIterator in body) {
    const iterate = () =>
      checkedAsync(
        iterated(course, () => body[Symbol.asyncIterator]()),
        course,
      );
    return { [Symbol.asyncIterator]: iterate, close };
  }
  return {
    [Symbol.iterator]: () =>
      checkedSync(
        iterated(course, () => body[Symbol.iterator]()),
        course,
      ),
    close,
  };
}

function checkedArray(body: readonly unknown[], course: Course): Chunk[] {
  const chunks = body.map((chunk) => checkChunk(chunk, course));
  must('application', course.isStarted, ENDED_UNSTARTED);
  return chunks;
}

function checkedSync(iterator: Iterator<unknown>, course: Course): Iterator<Chunk> {
  return {
    next() {
      asked(course);
      try {
        return checkResult(iterator.next(), course);
      } finally {
        course.isAsked = false;
      }
    },
    return() {
      iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

function checkedAsync(iterator: AsyncIterator<unknown>, course: Course): AsyncIterator<Chunk> {
  return {
    async next() {
      asked(course);
      try {
        return checkResult(await iterator.next(), course);
      } finally {
        course.isAsked = false;
      }
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

function iterated<Made>(course: Course, make: () => Made): Made {
  must('server', !course.isIterated, 'iterated over the body a second time');
  course.isIterated = true;
  return make();
}

function asked(course: Course): void {
  must('server', !course.isClosed, 'asked for a chunk of the body after it had called close()');
  must('server', !course.isAsked, 'asked for a chunk of the body before it had the last one');
  course.isAsked = true;
}

function checkResult(result: IteratorResult<unknown>, course: Course): IteratorResult<Chunk> {
  if (!result.done) return { done: false, value: checkChunk(result.value, course) };
  must('application', course.isStarted, ENDED_UNSTARTED);
  return { done: true, value: undefined };
}

function checkChunk(chunk: unknown, course: Course): Chunk {
  const isChunk = typeof chunk === 'string' || chunk instanceof Uint8Array;
  must(
    'application',
    isChunk,
    `gave ${describe(chunk)} as a chunk of the body, not a string or a Uint8Array`,
  );
  must('application', course.isStarted, 'gave a chunk of the body before it called startResponse()');
  return chunk;
}

function closer(body: Body, course: Course): () => unknown {
  return () => {
    must('server', !course.isClosed, 'called close() a second time');
    course.isClosed = true;
    return closerOf(body)?.();
  };
}
