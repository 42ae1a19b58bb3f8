import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, vi } from 'vitest';
import { linuxOnly } from '../../support/linux-only.ts';
import { childrenByPgrep, isAliveByPs } from '../../support/proc.ts';
import { withTool } from '../../support/tools.ts';

it('elsewhere than on Linux the tests that need it are left out, and that is said', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const left = linuxOnly('darwin');
  expect(left).toContain('test/integration/daemon.test.ts');
  expect(left).not.toContain('test/unit/settings/address.test.ts');
  expect(warn.mock.lastCall?.[0]).toMatch(/^SKIPPED: \d+ of \d+ files/);
  warn.mockRestore();
  expect(linuxOnly('linux')).toEqual([]);
});

withTool('ps', 'pgrep')('without /proc, ps says the same of processes', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  expect(isAliveByPs(pid)).toBe(true);
  expect(childrenByPgrep(process.pid)).toContain(pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAliveByPs(pid)).toBe(false);
  expect(childrenByPgrep(pid)).toEqual([]);
});
