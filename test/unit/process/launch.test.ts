import { chmodSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Spawn } from '../../../src/process/child.ts';
import { launch } from '../../../src/process/launch.ts';
import { temporaryDirectory } from '../../support/tsunicorn.ts';

/** The file that is run where the command was given as `node`, in `cwd` and with that PATH. */
function fileOf(cwd: string, PATH: string): string {
  // The property itself cannot be changed.
  vi.stubGlobal('process', Object.create(process, { argv0: { value: basename(process.execPath) } }));
  onTestFinished(() => void vi.unstubAllGlobals());
  const files: string[] = [];
  const spawn: Spawn = (file) => {
    files.push(file);
    throw new Error('enough');
  };
  const start = { argv: [], env: { PATH }, cwd, namedCwd: cwd };
  const order = {
    kind: 'arbiter',
    listeners: [],
    workerCount: null,
    stdout: 'inherit',
    stderr: 'inherit',
  } as const;
  launch(spawn, start, order, () => {});
  return files.join();
}

it('looks for Node in the absolute directories of PATH alone, not in the working directory', () => {
  const name = basename(process.execPath);
  const directory = temporaryDirectory({ [name]: '#!/bin/sh\n' });
  chmodSync(`${directory}/${name}`, 0o755);
  expect(fileOf('/', directory)).toBe(`${directory}/${name}`);
  for (const path of ['.', '', `:/nowhere`, '../x/..'])
    expect(fileOf(directory, path), path).toBe(process.execPath);
});
