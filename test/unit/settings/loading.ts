import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import { parseArguments } from '../../../src/main/options.ts';
import { type Loaded, type LoadInput, loadSettings } from '../../../src/settings/load.ts';

const LOAD = new URL('../../../src/settings/load.ts', import.meta.url).href;

/** Loads settings in a directory that each test has to itself. */
export function loading() {
  const state = { cwd: '', applied: [] as Readonly<Record<string, string>>[] };

  beforeEach(() => {
    state.cwd = realpathSync(mkdtempSync(join(tmpdir(), 'settings-')));
    state.applied = [];
  });

  afterEach(() => rmSync(state.cwd, { recursive: true, force: true }));

  function write(name: string, text: string): string {
    writeFileSync(join(state.cwd, name), text);
    return join(state.cwd, name);
  }

  function load(
    args: string,
    env: Record<string, string> = {},
    more: Partial<LoadInput> = {},
  ): Promise<Loaded> {
    const argv = args === '' ? [] : args.split(' ');
    const applyEnvironment = (added: Readonly<Record<string, string>>) => state.applied.push(added);
    return loadSettings({ argv, env, cwd: state.cwd, parse: parseArguments, applyEnvironment, ...more });
  }

  /** The message of the UsageError that loading ends with. */
  async function refusal(args: string, env: Record<string, string> = {}): Promise<string> {
    const error: unknown = await load(args, env).then(
      () => new Error('it was accepted'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'UsageError' });
    const message = error instanceof Error ? error.message : '';
    expect(message).not.toContain('\n');
    return message;
  }

  /** What a script prints that may use loadHooks; by Node's own loader, for which the test runner puts its own. */
  async function natively(script: string): Promise<string> {
    const head = `import { writeFileSync } from 'node:fs';import { loadHooks } from ${JSON.stringify(LOAD)};`;
    const args = ['--input-type=module', '--eval', head + script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: state.cwd });
    return stdout;
  }

  return { state, write, load, refusal, natively };
}
