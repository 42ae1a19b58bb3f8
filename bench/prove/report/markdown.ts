import { markdown } from '../../report.ts';
import type { Report } from './model.ts';
import { digits, type Table } from './text.ts';

function tableText({ title, header, rows, commands, notes }: Table): string {
  const said = notes.length === 0 ? '' : `\n${notes.map((note) => `- ${note}`).join('\n')}\n`;
  const repeated = commands.length > 4 ? [`${commands[0]}, and so on`] : commands;
  return `### ${title}\n\n${markdown(header, rows)}\n${said}\nRepeat it: ${repeated.map((command) => `\`${command}\``).join(', ')}\n`;
}

/** The report as one page of Markdown. */
export function markdownReport({ machine, when, verdicts, subjects, sections, leftOut }: Report): string {
  const goals = markdown(
    ['goal', 'measured', '95 % interval', 'goal is', ''],
    verdicts.map(({ what, measured, goal, judgement }) => [
      what,
      digits(measured.median),
      `${digits(measured.low)}–${digits(measured.high)}`,
      goal,
      `**${judgement}**`,
    ]),
  );
  const who = markdown(
    ['', 'version', 'configuration'],
    subjects.map(({ name, version, configuration }) => [name, version, `\`${configuration}\``]),
  );
  const left =
    leftOut.length === 0 ? '' : `## Left out\n\n${leftOut.map((line) => `- ${line}`).join('\n')}\n\n`;
  return `# Benchmarks

<!-- Written by npm run prove; not by hand. -->

${when}. ${machine}

\`npm run prove\` measures this; the same with plots is in report.html, and what was measured before in history.json.
A figure is the median of its rounds, with the lowest and the highest in brackets. A goal is judged by the median of ratios
that are paired round by round, with a 95 % interval (bootstrap): it is missed only where the interval excludes it.

## Goals

${goals}

## Who was measured

${who}

${left}${sections.map(({ name, about, tables }) => `## ${name}\n\n${about}\n\n${tables.map(tableText).join('\n')}`).join('\n')}`;
}
