import { expect, it } from 'vitest';
import { brokenLinks } from '../../../scripts/links.ts';
import { layFiles, sharedDirectory } from '../../support/shared.ts';

const PAGE =
  '# A page\n\n## `--daemon`: how, and why\n\n## Twice\n\n## Twice\n\n```sh\n# not a heading\n```\n';
const root = sharedDirectory({ 'docs/page.md': PAGE });

function broken(text: string): string[] {
  layFiles(root, { 'README.md': text });
  return brokenLinks(root);
}

it.each([
  ['a page', '[text](docs/page.md)'],
  ['a heading', '[text](docs/page.md#--daemon-how-and-why)'],
  ['the second of two equal headings', '[text](docs/page.md#twice-1)'],
  ['a heading of the same page', '# Here\n\n[text](#here)'],
  ['another site', '[text](https://example.com/nowhere)'],
  ['nothing, in a block of code', '```js\nconst a = [1](nowhere);\n```'],
])('takes a link to %s', (_what, text) => {
  expect(broken(text)).toEqual([]);
});

it.each(['docs/nowhere.md', 'docs/page.md#nowhere', 'docs/page.md#not-a-heading', '#nowhere'])(
  'reports %s',
  (link) => {
    expect(broken(`[text](${link})`)).toEqual([`README.md: ${link}`]);
  },
);
