import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createAccessLog } from '../../../src/log/access-log.ts';
import { UsageError } from '../../../src/support/errors.ts';
import { flushed, serve } from './logged-service.ts';
import { linesOf, temporaryDirectory } from './temporary.ts';

const SOURCE = join(import.meta.dirname, '../../../src/log/access-log.ts');

// Each log listens for the exit of the process, and these tests open many in one.
process.setMaxListeners(0);

describe('the file', () => {
  it('is opened again after logrotate moved it, and no line is lost', async () => {
    const { log, file, send, lines } = await serve('%(U)s', (_req, res) => res.end());
    await send({ path: '/before' });
    await lines(1);
    renameSync(file, `${file}.1`);
    log.reopen();
    await send({ path: '/after' });
    await expect.poll(() => flushed(log, file)).toEqual(['/after']);
    expect(linesOf(`${file}.1`)).toEqual(['/before']);
  });

  it('is complete when the application calls process.exit()', async () => {
    const file = join(temporaryDirectory(), 'access.log');
    const code = `
      const { createAccessLog } = await import(${JSON.stringify(SOURCE)});
      const { createServer, get } = await import('node:http');
      const log = createAccessLog({ format: '%(U)s', file: ${JSON.stringify(file)} });
      const server = createServer((req, res) => {
        log.observe(req, res);
        res.on('close', () => process.exit(0));
        res.end();
      }).listen(0, '127.0.0.1', () => get({ host: '127.0.0.1', port: server.address().port, path: '/last' }));`;
    await once(spawn(process.execPath, ['--input-type=module', '-e', code]), 'exit');
    expect(linesOf(file)).toEqual(['/last']);
  });

  it('that cannot be opened is refused', () => {
    const file = join(temporaryDirectory(), 'missing', 'access.log');
    const create = () => createAccessLog({ format: 'json', file });
    expect(create).toThrow(UsageError);
    expect(create).toThrow(`--access-logfile: cannot write ${file}: ENOENT`);
  });
});

describe('the standard output', () => {
  it('takes the lines of several processes whole', async () => {
    const code = `
      const { Destination } = await import(${JSON.stringify(join(SOURCE, '../destination.ts'))});
      const to = new Destination({ file: '-', standard: 1 });
      const line = process.argv[1].repeat(150) + '\\n';
      const more = (left) => {
        for (let count = 0; count < 20; count++) to.write(line);
        if (left > 0) setTimeout(more, 1, left - 1);
      };
      more(100);
      process.on('exit', () => to.flush());`;
    const node = (letter: string) => `"$0" --input-type=module -e "$1" ${letter}`;
    const child = spawn('sh', [
      '-c',
      `{ ${node('a')} & ${node('b')} & wait; } | cat`,
      process.execPath,
      code,
    ]);
    const lines = (await text(child.stdout)).split('\n').slice(0, -1);
    expect(lines).toHaveLength(2 * 101 * 20);
    expect(lines.filter((line) => !/^(a{150}|b{150})$/.test(line))).toEqual([]);
  });
});
