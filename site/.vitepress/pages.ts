import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

interface Item {
  readonly text: string;
  readonly link: string;
}

interface Section {
  readonly text: string;
  readonly items: Item[];
  readonly collapsed?: boolean;
}

/** The pages of docs/, relative to it. */
export function pages(): readonly string[] {
  return globSync('**/*.md', { cwd: join(root, 'docs') }).toSorted();
}

export function textOf(page: string): string {
  return readFileSync(join(root, 'docs', page), 'utf8');
}

export function titleOf(page: string): string {
  return /^# (.+)$/m.exec(textOf(page))?.[1] ?? page;
}

/** The sections of docs/README.md with the pages that they link to, then every page that none of them lists. */
export function sidebar(): Section[] {
  const sections = textOf('README.md')
    .split(/^## /m)
    .slice(1)
    .map((part) => ({ text: part.split('\n')[0] ?? '', items: linksIn(part) }));
  const listed = new Set(sections.flatMap(({ items }) => items.map(({ link }) => link)));
  const rest = pages().filter((page) => page !== 'README.md' && !listed.has(linkTo(page)));
  const of = (title: string, some: readonly string[]): Section => ({
    text: title,
    items: some.map((page) => ({ text: titleOf(page), link: linkTo(page) })),
    collapsed: true,
  });
  const errors = rest.filter((page) => page.startsWith('errors/'));
  const more = rest.filter((page) => !page.startsWith('errors/'));
  return [...sections, of('More', more), of('Error codes', errors)].filter(({ items }) => items.length > 0);
}

function linksIn(part: string): Item[] {
  const links = [...part.matchAll(/\[([^\]]+)\]\(([\w/-]+)\.md\)/g)];
  return links.map(([, text = '', page = '']) => ({
    text: text[0]?.toUpperCase() + text.slice(1),
    link: `/${page}`,
  }));
}

function linkTo(page: string): string {
  return `/${page.replace(/\.md$/, '')}`;
}

/** llms.txt (https://llmstxt.org): each page with what it is about, for programs that read. */
export function llmsText(): string {
  const about = /^tsunicorn is .+$/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[0] ?? '';
  const parts = sidebar().map(({ text, items }) => {
    const lines = items.map(
      ({ text: title, link }) => `- [${title}](${link}.md): ${firstSentence(`${link.slice(1)}.md`)}`,
    );
    return `## ${text}\n\n${lines.join('\n')}\n`;
  });
  return `# tsunicorn\n\n> ${about}\n\n${parts.join('\n')}`;
}

function firstSentence(page: string): string {
  const paragraphs = textOf(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .split(/\n\n+/)
    .map((part) => part.trim().replaceAll('\n', ' '));
  const first = paragraphs.find((part) => /^[\w[`*]/.test(part)) ?? '';
  return (/^.*?[.:](?=\s|$)/.exec(first)?.[0] ?? first)
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/:$/, '.');
}
