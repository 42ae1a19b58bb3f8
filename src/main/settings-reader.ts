import { answerOnce } from '../process/ask.ts';
import { loadSettings, type SettingsInput } from '../settings/load.ts';
import { messageOf } from '../support/errors.ts';
import { parseArguments } from './options.ts';
import type { ReadAnswer } from './read-settings.ts';

// The program that readSettings() runs.

answerOnce(read);

async function read(input: SettingsInput): Promise<ReadAnswer> {
  try {
    const applyEnvironment = (added: Readonly<Record<string, string>>) =>
      void Object.assign(process.env, added);
    const { hooks: _functionsCannotTravel, ...loaded } = await loadSettings({
      ...input,
      parse: parseArguments,
      applyEnvironment,
    });
    return { loaded };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}
