import { afterAll, describe, expect, it } from 'vitest';
import { createProcesses, exitOf } from '../../../bench/processes.ts';

const processes = createProcesses();
afterAll(() => processes.endAll());

describe('createProcesses', () => {
  it('hides settings of the shell from a candidate and hands over those of the bench', async () => {
    process.env.TSUNICORN_WORKERS = '9';
    const script = 'console.log(process.env.TSUNICORN_WORKERS, process.env.PORT, process.env.NODE_ENV)';
    const child = processes.start([process.execPath, '-e', script], { PORT: '7' });
    delete process.env.TSUNICORN_WORKERS;
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    expect(await exitOf(child)).toBe(0);
    expect(said.trim()).toBe('undefined 7 production');
  });

  it('has ended a child when end resolves', async () => {
    const child = processes.start([process.execPath, '-e', 'setInterval(() => {}, 1000)']);
    await processes.end(child);
    expect(child.signalCode).toBe('SIGTERM');
  });

  it('rejects with the reason where a command does not exist', async () => {
    await expect(exitOf(processes.start(['/does/not/exist']))).rejects.toThrow('ENOENT');
  });
});
