import { mkdtempSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadedCodes } from '../../../../src/arbiter/workers/loaded-code.ts';
import { readLoadedCode } from '../../../../workers/boot/loaded-code.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';

/** A worker that began so long after the files were written; no file is from a time in between. */
const LATER_MS = 60_000;

let directory = '';
let app = '';
let own = '';

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'loaded-code-')));
  app = join(directory, 'app.mjs');
  own = join(directory, 'own.mjs');
  writeFileSync(own, 'export const own = 1;\n');
  writeFileSync(app, "import './own.mjs';\n");
});

afterEach(() => rmSync(directory, { recursive: true }));

/** As an installation does it: another file takes the place of the one that is there. */
function install(): void {
  writeFileSync(`${own}~`, 'export const own = 2;\n');
  renameSync(`${own}~`, own);
}

describe('what a worker has loaded', () => {
  it('is each file that it imports', async () => {
    const { entry, files } = await readLoadedCode([app], Date.now() + LATER_MS);
    expect(entry).toBe(app);
    expect(Object.keys(files ?? {})).toEqual(expect.arrayContaining([app, own]));
  });

  it('is not known of a file that was changed since the worker began', async () => {
    install();
    const { files } = await readLoadedCode([app], Date.now() - LATER_MS);
    expect(files).not.toHaveProperty([own]);
  });

  it('is each file that a changed one imports', async () => {
    const changeLater = () => {
      writeFileSync(app, "import './own.mjs';\n");
      return statSync(app).ctimeMs - statSync(own).ctimeMs;
    };
    await expect.poll(changeLater).toBeGreaterThan(200);
    const { files } = await readLoadedCode([app], statSync(app).ctimeMs);
    expect(files).toHaveProperty([own]);
    expect(files).not.toHaveProperty([app]);
  });

  it('is not another version where two workers began together and one of them read late', async () => {
    const log = new FakeLogger();
    const codes = new LoadedCodes(log);
    const worker = (age: number) => ({ pid: 1000 + age, slot: age, age, generation: 1 });
    codes.loaded(worker(1), { tsunicorn: 'code', ...(await readLoadedCode([app], Date.now() + LATER_MS)) });
    install();
    codes.loaded(worker(2), { tsunicorn: 'code', ...(await readLoadedCode([app], Date.now() - LATER_MS)) });
    expect(log.at('warning')).toEqual([]);
    codes.loaded(worker(3), { tsunicorn: 'code', ...(await readLoadedCode([app], Date.now() + LATER_MS)) });
    expect(log.at('warning')).toEqual([expect.stringContaining(`two versions of the code: ${own} differs`)]);
  });
});
