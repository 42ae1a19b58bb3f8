import { loadSettings, type SettingsInput } from '../settings/load.ts';
import { servesNothing } from '../settings/mounts.ts';
import { UsageError } from '../support/errors.ts';
import { nextStep } from './next-step.ts';
import { parseArguments } from './options.ts';

/** `tsunicorn explain …`, `import …` and `init …`, which serve nothing. Resolves with the exit status; rejects with a UsageError. */
export async function runTool(input: SettingsInput): Promise<number> {
  const [tool = '', ...words] = input.argv;
  if (tool === 'explain') {
    const { explain } = await import('../explain/explain.ts');
    process.stdout.write(explain(words));
    return 0;
  }
  if (tool === 'import') {
    const { importFrom } = await import('../migrate/import.ts');
    process.stdout.write(await importFrom(words, input.cwd));
    return 0;
  }
  const [kind = '', ...more] = words;
  const { checkKind, writeFile } = await import('../init/init.ts');
  checkKind(kind);
  const loaded = await loadSettings({
    ...input,
    argv: more,
    parse: parseArguments,
    applyEnvironment: (added) => void Object.assign(process.env, added),
  });
  if (servesNothing(loaded.settings))
    throw new UsageError(`init ${kind}: ${nextStep(input.cwd, `init ${kind} `)}`);
  const command = [process.execPath, process.argv[1] ?? 'tsunicorn'];
  const file = await writeFile(kind, loaded, more, { cwd: input.cwd, command });
  process.stdout.write(`Wrote ${file}. Its first lines say what to do with it.\n`);
  return 0;
}
