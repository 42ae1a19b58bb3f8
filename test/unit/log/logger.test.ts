import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WriteStream } from 'node:tty';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger, type LoggerOptions, levelWord } from '../../../src/log/logger.ts';
import type { LogFields, Logger } from '../../../src/support/logger.ts';
import { linesOf, temporaryDirectory } from './temporary.ts';

const SOURCE = join(import.meta.dirname, '../../../src/log/logger.ts');
const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;

/** What a logger of these options writes when `use` is done with it. */
function logged(options: Partial<LoggerOptions>, use: (log: Logger) => void): readonly string[] {
  const file = join(temporaryDirectory(), 'log');
  use(createLogger({ level: 'info', format: 'text', file, ...options }));
  return linesOf(file);
}

describe('the text format', () => {
  it('writes the time, the process and the level before the message', () => {
    const [line] = logged({}, (log) => log.info('Listening at: http://127.0.0.1:8000 (1234)'));
    expect(line).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] /);
    expect(line?.slice(28)).toBe(`[${process.pid}] [INFO] Listening at: http://127.0.0.1:8000 (1234)`);
  });

  it('names the process that the line speaks of', () => {
    const [line] = logged({}, (log) => log.warning('Booting', { pid: 77, slot: 1 }));
    expect(line?.slice(28)).toBe('[77] [WARNING] Booting');
  });

  it.each(LEVELS)('writes nothing below the level %s', (level) => {
    const lines = logged({ level }, (log) => {
      for (const own of LEVELS) log[own]('x');
    });
    const words = LEVELS.slice(LEVELS.indexOf(level)).map((word) => `[${word.toUpperCase()}]`);
    expect(lines.map((line) => line.split(' ')[4])).toEqual(words);
  });

  it('keeps the message where the fields cannot be read', () => {
    const fields: LogFields = {
      get err(): never {
        throw new Error('no');
      },
    };
    expect(logged({}, (log) => log.error('Failed', fields))[0]).toMatch(/\[ERROR\] Failed$/);
  });

  it('lets no message forge a line', () => {
    const lines = logged({}, (log) => log.error('a\n[2026-01-01 00:00:00 +0000] [1] [INFO] b\x1b[0m'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('[ERROR] a\\n[2026-01-01 00:00:00 +0000] [1] [INFO] b\\x1b[0m');
  });

  it('writes the stack of an error below, with its causes, each line indented', () => {
    const err = new Error('outer\n[2026-01-01 00:00:00 +0000] [1] [INFO] forged', {
      cause: new Error('inner'),
    });
    const [head, ...rest] = logged({}, (log) => log.error('Failed', { err }));
    expect(head).toMatch(/\[ERROR\] Failed$/);
    expect(rest).toContain('    Error: outer');
    expect(rest).toContain('    Error: inner');
    expect(rest.filter((line) => !line.startsWith('    '))).toEqual([]);
  });

  it('writes lines at length below, each indented and on its line', () => {
    const lines = ['  at a', 'GET /b\nc'];
    const written = logged({}, (log) => log.critical('Blocked', { lines }));
    expect(written.slice(1)).toEqual(['      at a', '    GET /b\\nc']);
  });

  it('colours the level for a terminal that wants it', () => {
    const terminal = (environment: Record<string, string>) =>
      Object.assign(new Writable(), {
        isTTY: true,
        getColorDepth: () => WriteStream.prototype.getColorDepth(environment),
      });
    vi.stubEnv('FORCE_COLOR', undefined);
    expect(levelWord('error', terminal({ TERM: 'xterm' }))).toBe('\x1b[31mERROR\x1b[39m');
    expect(levelWord('error', terminal({ TERM: 'xterm', NO_COLOR: '1' }))).toBe('ERROR');
    expect(levelWord('error', terminal({ TERM: 'dumb' }))).toBe('ERROR');
    expect(levelWord('error', null)).toBe('ERROR');
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });
});

describe('the logfmt format', () => {
  it('has the fields of the json format, with their names', () => {
    const lines = logged({ format: 'logfmt' }, (log) =>
      log.error('It ended', { err: new Error('no "luck"'), slot: 2 }),
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /^level=error time=[\dT:.-]+Z pid=\d+ err\.type=Error err\.message="no \\"luck\\"" err\.stack="Error: .*" slot=2 msg="It ended"$/,
      ),
    ]);
  });
});

describe('the json format', () => {
  const parsed = (use: (log: Logger) => void): Record<string, unknown>[] =>
    logged({ format: 'json' }, use).map((line) => JSON.parse(line));

  it('writes one object a line', () => {
    const [line] = parsed((log) => log.warning('a\nb', { slot: 2 }));
    expect(line).toMatchObject({ level: 'warning', pid: process.pid, msg: 'a\nb', slot: 2 });
    expect(new Date(String(line?.time)).toISOString()).toBe(line?.time);
  });

  it.each(LEVELS)('has the word %s for its level', (level) => {
    const lines = logged({ format: 'json', level: 'debug' }, (log) => log[level]('x'));
    expect(JSON.parse(lines[0] ?? '').level).toBe(level);
  });

  it('writes nothing below its level', () => {
    expect(parsed((log) => log.debug('x'))).toEqual([]);
  });

  it('names the process that the line speaks of', () => {
    const [line] = parsed((log) => log.info('x', { pid: 77 }));
    expect(line?.pid).toBe(77);
  });

  it('leaves out the lines for people', () => {
    const [line = ''] = logged({ format: 'json' }, (log) => log.info('m', { lines: ['a'], slot: 1 }));
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.any(String),
      pid: process.pid,
      slot: 1,
      msg: 'm',
    });
  });

  it('takes an error apart, with its causes', () => {
    const err = new TypeError('outer', { cause: new Error('inner') });
    const [line] = parsed((log) => log.error('Failed', { err }));
    expect(line?.err).toMatchObject({
      type: 'TypeError',
      message: 'outer',
      cause: { type: 'Error', message: 'inner' },
      stack: expect.stringContaining('TypeError: outer'),
    });
  });

  it.each([
    ['Listening on', 'Listening on'],
    [new Error('Failed'), 'Failed'],
    [Symbol('no'), 'Symbol(no)'],
    [Object.create(null), '[Object: null prototype] {}'],
  ])('writes what a hook logs as it would to the console: %o', (message, msg) => {
    for (const second of [8000, 'b', null, () => {}, undefined]) {
      const log = ({ error }: Logger) => Reflect.apply(error, null, [message, second]);
      expect(parsed(log)).toMatchObject([{ level: 'error', msg }]);
      expect(logged({}, log)[0]).toContain(`[ERROR] ${msg}`);
    }
  });

  it('keeps the message where the fields cannot be read', () => {
    const fields: LogFields = {
      get broken(): never {
        throw new Error('no');
      },
    };
    expect(parsed((log) => log.error('Failed', fields))).toMatchObject([{ msg: 'Failed', unwritable: 'no' }]);
  });

  it('writes fields that refer to themselves', () => {
    const round: Record<string, unknown> = {};
    round.self = round;
    expect(parsed((log) => log.info('x', { round }))).toMatchObject([{ msg: 'x' }]);
  });
});

describe('the file', () => {
  it('is opened again after logrotate moved it', () => {
    const file = join(temporaryDirectory(), 'log');
    const log = createLogger({ level: 'info', format: 'text', file });
    log.info('before');
    renameSync(file, `${file}.1`);
    log.reopen();
    log.info('after');
    log.flush();
    expect(linesOf(`${file}.1`)).toEqual([expect.stringContaining('before')]);
    expect(linesOf(file)).toEqual([expect.stringContaining('after')]);
  });

  it.each(['text', 'json'])(
    'gives way to the standard error where it cannot be opened (%s)',
    async (format) => {
      const file = join(temporaryDirectory(), 'missing', 'log');
      const options = JSON.stringify({ level: 'info', format, file });
      const code = `const { createLogger } = await import(${JSON.stringify(SOURCE)});
      createLogger(${options}).info('served');
      process.abort();`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        cwd: temporaryDirectory(),
      });
      const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      expect(said).toContain(`Cannot open ${file}, so the log goes here: ENOENT`);
      expect(said).toContain('served');
    },
  );
});

describe('where pino cannot be loaded', () => {
  afterEach(() => void vi.restoreAllMocks());

  const unloadable = () => {
    vi.spyOn(module as unknown as { _load(): unknown }, '_load').mockImplementation(() => {
      throw new Error('EMFILE');
    });
  };

  it('a line for machines has what is known without it', () => {
    unloadable();
    const fields = { event: 'worker-exited', pid: 77, err: new Error('why') };
    const [line = ''] = logged({ format: 'json' }, (log) => log.error('It ended', fields));
    expect(JSON.parse(line)).toMatchObject({
      ...{ level: 'error', pid: 77, event: 'worker-exited', msg: 'It ended', err: { message: 'why' } },
    });
  });

  it('a line for people misses nothing', () => {
    unloadable();
    const [head, ...stack] = logged({}, (log) => log.error('It ended', { pid: 77, err: new Error('why') }));
    expect(head).toMatch(/ \[77\] \[ERROR\] It ended$/);
    expect(stack[0]).toBe('    Error: why');
  });
});
