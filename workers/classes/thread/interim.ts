import type { ServerResponse } from 'node:http';
import type { FromThread } from './messages.ts';

/** The methods of a response that write around its body become messages. */
export function replaceInterim(
  response: ServerResponse,
  id: number,
  post: (message: FromThread) => void,
): void {
  const { writeContinue, writeInformation, writeProcessing, writeEarlyHints } = response;
  const write = (text: string, _encoding: string, done?: () => void): boolean => {
    const status = Number(text.slice('HTTP/1.1 '.length).slice(0, 3));
    post({ type: 'interim', id, status, headers: pairsIn(text) });
    if (done) process.nextTick(done);
    return true;
  };
  // They check what they are given, so that the handler gets the exception, and write the text of it last.
  const author = () =>
    Object.create(response, { writeInformation: { value: writeInformation }, _writeRaw: { value: write } });
  const proceed = (...args: unknown[]) => Reflect.apply(writeContinue, author(), args);
  const information = (...args: unknown[]) => Reflect.apply(writeInformation, author(), args);
  const processing = (...args: unknown[]) => Reflect.apply(writeProcessing, author(), args);
  const earlyHints = (...args: unknown[]) => Reflect.apply(writeEarlyHints, author(), args);
  // Not where they are written: V8 puts a function that is assigned to a property at once into its old space, where
  // it keeps the answer alive, dead or not, until the next full collection.
  response.writeContinue = proceed;
  response.writeInformation = information;
  response.writeProcessing = processing;
  response.writeEarlyHints = earlyHints;
}

/** The names and values of the header lines in `text`, in turn. */
export function pairsIn(text: string): readonly string[] {
  return [...text.matchAll(/^([^\s:]+): (.*)\r$/gm)].flatMap(([, name = '', value = '']) => [name, value]);
}
