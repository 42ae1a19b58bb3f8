import { loadSettings } from '../settings/load.ts';
import { messageOf } from '../support/errors.ts';
import { parseArguments } from './options.ts';
import type { ReadAnswer, ReadQuestion } from './read-settings.ts';

// The child of rereadSettings(): loads what it is asked for once, answers, and ends.

process.once('message', async (question: ReadQuestion) => {
  const answer = await read(question);
  process.send?.(answer, undefined, undefined, () => process.exit(0));
});
// Not process.exit(): what a configuration has loaded can hold it up for ever, and nobody is left who would end this.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

async function read(question: ReadQuestion): Promise<ReadAnswer> {
  try {
    const applyEnvironment = (added: Readonly<Record<string, string>>) =>
      void Object.assign(process.env, added);
    const { hooks: _functionsCannotTravel, ...loaded } = await loadSettings({
      ...question,
      parse: parseArguments,
      applyEnvironment,
    });
    return { loaded };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}
