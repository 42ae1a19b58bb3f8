import { UsageError } from '../support/errors.ts';
import { explained, explanationOf, pageOf } from './catalogue.ts';
import type { Explained } from './explained.ts';

/** `tsunicorn explain TSU0201`, or the message itself: what it means and what to do. Throws a UsageError. */
export function explain(words: readonly string[]): string {
  const asked = words.join(' ').trim();
  const code = /\bTSU\d{4}\b/i.exec(asked)?.[0].toUpperCase();
  const found = code === undefined ? explanationOf(asked) : explained.find((one) => one.code === code);
  if (found === undefined)
    throw new UsageError(
      `explain ${code ?? asked}: there is no such code; write one of those in brackets behind messages, such as ${explained[0]?.code}`,
    );
  return render(found);
}

function render(found: Explained): string {
  const { code, title, means, cure } = found;
  return `${code}: ${title}\n\n${plain(means)}\n\nWhat to do: ${plain(cure)}\n\nThe page: docs/${pageOf(found)} of the package\n`;
}

/** Markdown for a terminal: no backticks, of links their text. */
function plain(text: string): string {
  return text.replace(/\[([^\]]+)\]\(\.\.\/([^)#]+)[^)]*\)/g, '$1 (docs/$2)').replaceAll('`', '');
}
