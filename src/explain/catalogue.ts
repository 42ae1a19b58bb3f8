import { addresses } from './addresses.ts';
import { application } from './application.ts';
import type { Explained } from './explained.ts';
import { files } from './files.ts';
import { settings } from './settings.ts';
import { tls } from './tls.ts';
import { tools } from './tools.ts';

/** Every kind of mistake that has a code. The first whose pattern fits a message counts: the general ones stand last. */
export const explained: readonly Explained[] = [
  ...tools,
  ...tls,
  ...addresses,
  ...files,
  ...application,
  ...settings,
];

/** What is known of the mistake that a message reports; undefined where no code has been given to it. */
export function explanationOf(message: string): Explained | undefined {
  return explained.find(({ pattern }) => pattern.test(message));
}

/** The page of a code, relative to docs/. */
export function pageOf({ code }: Pick<Explained, 'code'>): string {
  return `errors/${code}.md`;
}
