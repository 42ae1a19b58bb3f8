import { spawn } from 'node:child_process';
import { followsProgram, slotAtSpawn } from '../arbiter/change/generation.ts';
import { codeOfMessage, withCode } from '../explain/code.ts';
import { withoutEffect } from '../settings/effects.ts';
import type { Loaded, SettingsInput } from '../settings/load.ts';
import { servedName } from '../settings/mounts.ts';
import { systemClock } from '../support/clock.ts';
import { BootError, messageOf } from '../support/errors.ts';
import { escapeControls, escapeLines } from '../support/text.ts';
import { OwnProcess } from './own-process.ts';
import { checkSettings, prepareGeneration } from './prepare.ts';
import { tryApplication } from './trial.ts';

/** `--check-config`: the settings are loaded, so load the application too, and serve nothing. Resolves with the status. */
export async function check(loaded: Loaded, input: SettingsInput): Promise<number> {
  const own = new OwnProcess(input.env, loaded);
  const checked = await checkSettings(loaded, input, own);
  try {
    const generation = await prepareGeneration(checked, {}, null);
    const first = { ...generation, loaded, number: 1 };
    const trial = { generation: first, slot: slotAtSpawn(first, 0), number: 0 };
    const what = await tryApplication(trial, {
      ...{ spawn, clock: systemClock, base: own.base },
      asks: followsProgram(first),
    });
    for (const { line } of withoutEffect(loaded))
      process.stderr.write(`tsunicorn: ${escapeControls(line)}\n`);
    const inOrder = `Configuration OK; ${servedName(loaded.settings)}: ${what}`;
    process.stdout.write(`${escapeControls(inOrder)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    const message = messageOf(error);
    const line = withCode(message, await codeOfMessage(message));
    process.stderr.write(`tsunicorn: ${escapeControls(line)}\n`);
    if (error.userStack) process.stderr.write(`${escapeLines(error.userStack)}\n`);
    return error.exitStatus;
  }
}
