import { join } from 'node:path';
import { fs } from '../support/builtins.ts';
import { OWN_FOLDER } from '../support/own-files.ts';

/** The page and the login form as browsers get them. */
export interface Asset {
  readonly body: Buffer;
  /** The Content-Security-Policy header. */
  readonly policy: string;
}

/** The built page is beside the source of this file. */
const DIRECTORY = join(OWN_FOLDER, 'src/page');

/** Reads an asset from the disk. Throws where it is not there. */
export function readAsset(name: 'page.html' | 'login.html', directory = DIRECTORY): Asset {
  const body = fs.readFileSync(join(directory, name));
  return { body, policy: policyFor(body.toString()) };
}

/** Allows what is in the page itself, and that it asks its own origin; nothing else. */
function policyFor(html: string): string {
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))].map(([, text = '']) => hashOf(text));
  const sources = (tag: string) => hashes(tag).join(' ') || "'none'";
  return [
    "default-src 'none'",
    `script-src ${sources('script')}`,
    `style-src ${sources('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
