import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Where the pages stand for the build, which compiles them as modules of this package. */
export const STAGED = join(import.meta.dirname, '../pages');

/** Pages at the top of the repository that are pages of the site too. */
const TOP_PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/**
 * Copies docs/ and the pages at the top to where the site is built, with the links that are right in the repository made
 * right for the site: what is in docs/ is at the top there, everything else below /repository, and files that pages link
 * to are copied. Throws for a link that leads nowhere; VitePress checks those between pages.
 */
export function stage(): void {
  rmSync(STAGED, { recursive: true, force: true });
  for (const page of pages()) {
    const to = join(STAGED, inSite(page));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, withLinks(page, readFileSync(join(root, page), 'utf8')));
  }
}

function pages(): readonly string[] {
  return [
    ...globSync('docs/**/*.md', { cwd: root }),
    ...TOP_PAGES.filter((page) => existsSync(join(root, page))),
  ];
}

/** The place of a file of the repository in the site. */
function inSite(file: string): string {
  if (file === 'docs/README.md') return 'index.md';
  if (/^docs\/.*\.md$/.test(file)) return file.slice('docs/'.length);
  return TOP_PAGES.includes(file) ? `repository/${file}` : `public/repository/${file}`;
}

const CODE_OR_LINK = /^```[\s\S]*?^```|`[^`\n]+`|(\]\()([^)\s]+)(\))/gm;

function withLinks(page: string, text: string): string {
  return text.replace(CODE_OR_LINK, (whole, open?: string, href = '') => {
    if (open === undefined || /^[a-z]+:|^#|^\//i.test(href)) return whole;
    return `](${linkOf(page, href)})`;
  });
}

function linkOf(page: string, href: string): string {
  const [path = '', anchor] = href.split('#');
  const file = normalize(join(dirname(page), path));
  const from = join(root, file);
  if (!existsSync(from)) throw new Error(`${page}: dead link ${href}`);
  const place = inSite(file);
  if (place.startsWith('public/') && statSync(from).isFile()) {
    mkdirSync(dirname(join(STAGED, place)), { recursive: true });
    cpSync(from, join(STAGED, place));
  }
  return `/${place.replace(/^public\//, '')}${anchor === undefined ? '' : `#${anchor}`}`;
}
