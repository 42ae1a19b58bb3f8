import { describe, expect, it } from 'vitest';
import { main } from '../../../src/ctl/main.ts';
import { parseWords, verbFirst } from '../../../src/ctl/parse.ts';
import { verbs } from '../../../src/ctl/verbs.ts';

const VERB = {
  name: 'scale',
  operands: [{ name: 'N', doc: 'how many' }],
  flags: [
    { name: '--wait', short: '-w', doc: '' },
    { name: '--timeout', short: '-t', value: 'seconds', doc: '' },
  ],
};

async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const status = await main(argv, {
    line: (text) => void out.push(text),
    note: (text) => void err.push(text),
    style: (_style, text) => text,
  });
  return { status, out: out.join('\n'), err: err.join('\n') };
}

describe('a command line', () => {
  it('is flags with and without values, in any order, and words', () => {
    const { operands, flags } = parseWords(['-w', '3', '--timeout=5', '-s', 'c.sock'], VERB);
    expect(operands).toEqual(['3']);
    expect(Object.fromEntries(flags)).toEqual({ '--wait': true, '--timeout': '5', '--socket': 'c.sock' });
    expect(parseWords(['--', '-1'], VERB).operands).toEqual(['-1']);
  });

  it('may have the options of every command before the command', () => {
    expect(verbFirst(['-n', 'shop', '--json', '--pid=p', 'scale', '3'])).toEqual([
      ...['scale', '-n', 'shop', '--json', '--pid=p', '3'],
    ]);
    for (const words of [['scale', '-n', 'shop'], ['--help'], ['-n', 'shop'], ['--wait', 'reload'], []])
      expect(verbFirst(words)).toEqual(words);
  });

  it.each([
    [['scale'], /N is missing: .*; write tsunicornctl scale N/],
    [['scale', '1', '2'], /too many words: 2; write tsunicornctl scale N/],
    [['scale', '1', '--wiat'], /unknown option --wiat \(did you mean --wait\?\)/],
    [['scale', '1', '--timeout'], /--timeout: a value is missing; write --timeout <seconds>/],
    [['scale', '1', '--wait=yes'], /--wait takes no value/],
    [['relaod'], /there is no command relaod; did you mean reload\?/],
    [['set', 'workers', '3'], /workers cannot be set while the service runs/],
    [['completion', 'tcsh'], /completion: expected bash, zsh, fish, got tcsh/],
  ])('that is wrong is one line and status 1: %s', async (argv, line) => {
    expect(await run(...argv)).toEqual({ status: 1, out: '', err: expect.stringMatching(line) });
  });

  it('without a socket at that path is status 3', async () => {
    expect(await run('status', '-s', '/nowhere/c.sock')).toEqual({
      status: 3,
      out: '',
      err: 'tsunicornctl: /nowhere/c.sock: there is no such socket; is the service running?',
    });
  });
});

describe('the table of commands', () => {
  it('is the help, of all and of each', async () => {
    const { out } = await run('--help');
    for (const { name, summary } of verbs) {
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
      expect(out).toContain(summary);
      expect((await run(name, '--help')).out).toMatch(new RegExp(`^Usage: tsunicornctl ${name}`));
    }
    expect((await run()).status).toBe(1);
  });

  it.each(['bash', 'zsh', 'fish'])('is the completion for %s', async (shell) => {
    const { out } = await run('completion', shell);
    for (const { name } of verbs) expect(out).toMatch(new RegExp(`\\b${name}\\b`));
    expect(out).toContain('completion slots');
  });
});
