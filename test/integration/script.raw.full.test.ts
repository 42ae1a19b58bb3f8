import { describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { serve } from '../support/tsunicorn.ts';
import { wireTo } from '../support/wire.ts';

const files = {
  'server.cjs': `
    const server = require('node:net').createServer((socket) => {
      socket.on('data', (data) => socket.write(process.pid + ' echoes ' + data)).on('end', () => socket.end());
    });
    server.listen(3000);
    process.once('SIGTERM', () => server.close(() => console.log('closed')));`,
};
const quiet = ['-b', '127.0.0.1:0', '--log-level', 'warning'];

describe('a program whose server does not speak HTTP', () => {
  it('is served where --listen-port names it, and its connections outlive a reload', async () => {
    const running = await serve(['server.cjs', '--listen-port', '3000'], { files });
    expect(running.at).toMatch(/^tcp:/);
    const port = Number(new URL(running.at).port);
    const wire = await wireTo(port);
    wire.write('one');
    const pid = parseInt(await wire.until(/echoes one/), 10);
    running.signal('SIGHUP');
    await running.waitForLog(/Generation 2 is ready/);
    const other = await wireTo(port);
    other.write('two');
    await other.until(/echoes two/);
    wire.write('three');
    await wire.until(new RegExp(`${pid} echoes three`));
    for (const { socket } of [wire, other]) socket.end();
    await Promise.all([wire.ended, other.ended]);
    await running.waitFor(() => running.stdout === 'closed\n', 'the end of the old worker');
  });

  it.each([
    [
      ['-k', 'sync'],
      4,
      /does not speak HTTP \(program with a net\.Server\) cannot be served in class sync; use -k async/,
    ],
    [['--ready-path', '/ok'], 1, /--ready-path \/ok: what is served does not speak HTTP/],
  ])('is refused with %j', async (args, status, line) => {
    const outcome = await run([...quiet, '--listen-port', '3000', ...args, 'server.cjs'], { files });
    expect(outcome.stderr).toMatch(line);
    expect(outcome).toMatchObject({ status, leftProcesses: [] });
  });
});
