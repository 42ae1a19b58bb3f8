import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { PROGRAM_MS } from '../support/patience.ts';
import { withTool } from '../support/tools.ts';
import { root, temporaryDirectory } from '../support/tsunicorn.ts';

const itWithAnalyze = withTool('systemd-analyze');

/** The units as they would be installed, but for the paths of the application, which this machine does not have. */
function installed(): string {
  const unit = (name: string) => readFileSync(join(root, 'deploy', name), 'utf8');
  return temporaryDirectory({
    'tsunicorn.socket': unit('tsunicorn.socket'),
    'tsunicorn.service': unit('tsunicorn.service')
      .replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
      .replace(/^WorkingDirectory=.*/m, 'WorkingDirectory=/'),
  });
}

function analyze(...args: readonly string[]): string {
  return execFileSync('systemd-analyze', [...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PROGRAM_MS,
  });
}

itWithAnalyze('systemd finds nothing to say against the units in deploy/', () => {
  const directory = installed();
  const units = ['tsunicorn.service', 'tsunicorn.socket'].map((name) => join(directory, name));
  expect(analyze('verify', '--man=no', ...units)).toBe('');
});

itWithAnalyze('the service is as little exposed as one that talks to the network can be', () => {
  // Throws where the exposure is over the threshold, which is given as ten times the number that is shown.
  const unit = join(installed(), 'tsunicorn.service');
  expect(analyze('security', '--offline=true', '--no-pager', '--threshold=20', unit)).toMatch(/OK/);
});
