import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseArguments } from '../../../../src/main/options.ts';
import { settingNames, settingOf, variablesOf } from '../../../../src/settings/catalogue/catalogue.ts';
import { createProgram } from '../../../../src/settings/sources/argv.ts';

afterEach(() => vi.restoreAllMocks());

/** The help, with every run of blanks as one, so that wrapping does not matter. */
function help(): string {
  const parts: string[] = [];
  createProgram({ version: '1.2.3', epilogue: 'The end.' })
    .configureOutput({ writeOut: (part) => parts.push(part) })
    .outputHelp();
  return parts.join('').replace(/\s+/g, ' ');
}

describe('parseArguments', () => {
  it('collects the texts behind each flag, in order', () => {
    expect(parseArguments(['-b', 'a', '--bind=b', '-w2', '--access-logfile', '-', 'm:x'], 'argv')).toEqual({
      app: ['m:x'],
      bind: ['a', 'b'],
      workers: ['2'],
      accessLogfile: ['-'],
    });
  });

  it('knows both names of a flag that has two', () => {
    expect(parseArguments(['--log-file', 'a'], 'argv')).toEqual({ errorLogfile: ['a'] });
    expect(parseArguments(['--error-logfile', 'a'], 'argv')).toEqual({ errorLogfile: ['a'] });
  });

  it('takes options before and after the application', () => {
    expect(parseArguments(['m:x', '--workers', '2'], 'argv')).toEqual({ app: ['m:x'], workers: ['2'] });
    expect(parseArguments([], 'argv')).toEqual({});
  });

  it('takes what is behind -- for the program', () => {
    expect(parseArguments(['m.js', '-w', '2', '--', '-w', '', '--'], 'argv')).toEqual({
      app: ['m.js'],
      workers: ['2'],
      programArguments: ['-w', '', '--'],
    });
    expect(parseArguments(['-w', '2', '--', '--flag'], 'argv')).toEqual({
      workers: ['2'],
      programArguments: ['--flag'],
    });
  });

  it('takes a command for the application', () => {
    expect(parseArguments(['npm', 'run', 'serve', '-w', '2', '--', '--flag'], 'argv')).toEqual({
      app: ['npm run serve'],
      workers: ['2'],
      programArguments: ['--flag'],
    });
    expect(parseArguments(['-w', '2', '--', 'node', '--import', 'tsx', 'a b.ts', '-w'], 'argv')).toEqual({
      app: ["node --import tsx 'a b.ts' -w"],
      workers: ['2'],
    });
  });

  it.each([
    [['--wrokers', '3'], 'unknown option --wrokers (did you mean --workers?)'],
    [['--sandwich'], 'unknown option --sandwich'],
    [['-w'], '--workers: a value is missing; write --workers <count>'],
    [['a', 'b'], 'too many arguments: expected one module:export, got a b'],
    [['reload', 'a'], /^there is no module 'reload' here: write tsunicornctl reload --wait/],
    [['--preload'], /^--preload is refused: Node cannot fork a loaded process; /],

    [['--print-config=yes'], '--print-config takes no value'],
  ])('refuses %j in one line', (words, message) => {
    expect(() => parseArguments(words, 'argv')).toThrow(message);
    expect(() => parseArguments(words, 'argv')).not.toThrow('\n');
  });

  it('says when the mistake is in TSUNICORN_CMD_ARGS', () => {
    expect(() => parseArguments(['-w'], 'cmdargs')).toThrow(
      /^TSUNICORN_CMD_ARGS: --workers: a value is missing/,
    );
  });

  it.each([['--help'], ['-h'], ['--version'], ['-v']])('prints on stdout for %s and ends with 0', (flag) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const exit = vi.spyOn(process, 'exit').mockImplementation((status) => {
      throw new Error(`exit ${status}`);
    });
    expect(() => parseArguments([flag], 'argv')).toThrow('exit 0');
    expect(exit).toHaveBeenCalledWith(0);
    expect(write).toHaveBeenCalled();
  });
});

describe('the help', () => {
  it.each(settingNames)('mentions %s', (name) => {
    const { flags, kind } = settingOf(name);
    const words =
      flags === null ? 'module:export' : kind.placeholder === null ? flags : `${flags} <${kind.placeholder}>`;
    expect(help()).toContain(words);
    for (const variable of variablesOf(name)) expect(help()).toContain(variable);
  });

  it('has no Markdown', () => {
    expect(help()).toContain('(default: a tenth of maxRequests; ');
    expect(help()).not.toContain('`');
  });

  it('tells the usage and the defaults, and ends with what it is given', () => {
    expect(help()).toMatch(/^Usage: tsunicorn \[options\] \[module:export\] /);
    expect(help()).toContain('(default: 1; env: TSUNICORN_WORKERS, WEB_CONCURRENCY)');
    expect(help()).toMatch(/The end\. $/);
  });
});
