import type { Report, ReportSection } from './model.ts';
import { escaped, plotOf } from './plot.ts';
import { byGroup, digits, type Table } from './text.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}th:first-child,td:first-child{text-align:left}
code{background:#f3f3f3;padding:0 .2rem}svg{max-width:100%;height:auto}svg text{font-size:12px;fill:currentColor}
.ours{fill:#3465a4}.peer{fill:#b8b8b8}.spread{stroke:#1c1c1c;stroke-width:1.5}.line{fill:none;stroke:#3465a4;stroke-width:2}
.reached{color:#2e7d32}.missed{color:#b71c1c;font-weight:bold}
@media(prefers-color-scheme:dark){body{color:#e4e4e4;background:#181818}code{background:#2a2a2a}th,td{border-color:#444}.spread{stroke:#e4e4e4}.peer{fill:#666}.ours{fill:#729fcf}.line{stroke:#729fcf}.reached{color:#81c784}.missed{color:#ef9a9a}}`;

function cells(tag: 'td' | 'th', texts: readonly string[]): string {
  return `<tr>${texts.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join('')}</tr>`;
}

function tableHtml({ header, rows, commands, notes }: Table): string {
  const said =
    notes.length === 0 ? '' : `<ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join('')}</ul>`;
  return `<table>${cells('th', header)}${rows.map((row) => cells('td', row)).join('')}</table>${said}
<p>Repeat it: ${commands.map((command) => `<code>${escaped(command)}</code>`).join(', ')}</p>`;
}

/** Metrics that are worth a plot: not the counts that are nothing but zeros. */
function plots(title: string, { figures }: ReportSection): string {
  const metrics = Map.groupBy(byGroup(figures).get(title) ?? [], ({ metric }) => metric);
  return [...metrics]
    .filter(([, some]) => some.some(({ values }) => values.some((value) => value > 0)))
    .map(([metric, some]) => `<h4>${escaped(metric)}</h4>\n${plotOf(some)}`)
    .join('\n');
}

function sectionHtml(section: ReportSection): string {
  const tables = section.tables.map(
    (table) => `<h3>${escaped(table.title)}</h3>
${tableHtml(table)}<details><summary>Plots</summary>${plots(table.title, section)}</details>`,
  );
  return `<h2>${escaped(section.name)}</h2><p>${escaped(section.about)}</p>${tables.join('\n')}`;
}

function goalsHtml({ verdicts }: Report): string {
  const rows = verdicts.map(
    ({ what, measured, goal, judgement }) =>
      `<tr><td>${escaped(what)}</td><td>${digits(measured.median)}</td><td>${digits(measured.low)}–${digits(measured.high)}</td><td>${escaped(goal)}</td><td class="${judgement.split(' ')[0]}">${judgement}</td></tr>`,
  );
  return `<h2>Goals</h2><table>${cells('th', ['goal', 'measured', '95 % interval', 'goal is', ''])}${rows.join('')}</table>`;
}

function historyHtml({ history }: Report): string {
  if (history.length < 2) return '';
  const names = [...new Set(history.flatMap(({ goals }) => Object.keys(goals)))];
  const rows = names.map((name) =>
    cells('td', [name, ...history.map(({ goals }) => digits(goals[name]?.median ?? Number.NaN))]),
  );
  return `<h2>History</h2><table>${cells('th', ['', ...history.map(({ at, commit }) => `${at.slice(0, 10)} ${commit}`)])}${rows.join('')}</table>`;
}

function leftOutHtml({ leftOut }: Report): string {
  if (leftOut.length === 0) return '';
  return `<h2>Left out</h2><ul>${leftOut.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

/** The report as a page that needs nothing else. */
export function htmlReport(report: Report): string {
  const subjects = report.subjects.map(({ name, version, configuration }) =>
    cells('td', [name, version, configuration]),
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>tsunicorn benchmarks</title>
<style>${STYLE}</style>
<h1>tsunicorn benchmarks</h1>
<p>${escaped(report.when)}. ${escaped(report.machine)}</p>
<p>Medians of the rounds, with the lowest and the highest in brackets. A goal is judged by the median of ratios that are paired round by round, with a 95 % interval (bootstrap): it is missed only where the interval excludes it.</p>
${goalsHtml(report)}
${historyHtml(report)}
<h2>Who was measured</h2><table>${cells('th', ['', 'version', 'configuration'])}${subjects.join('')}</table>
${leftOutHtml(report)}
${report.sections.map(sectionHtml).join('\n')}
</html>
`;
}
