import { basename, join } from 'node:path';
import { parseAddress } from '../settings/address.ts';
import type { LoadedData } from '../settings/load.ts';
import { fs } from '../support/builtins.ts';

/** What the files of a deployment are written from. */
export interface Facts {
  /** For names of files and services: letters, digits and dashes. */
  readonly name: string;
  /** In which the command is given. */
  readonly directory: string;
  /** The words of the command behind its name. */
  readonly words: readonly string[];
  readonly settings: LoadedData['settings'];
  /** Of the first TCP address. */
  readonly port: number;
  /** The first Unix socket, where there is one. */
  readonly socket: string | null;
  /** The owner of the directory, where that is not root. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly hasLockfile: boolean;
  /** From TERM to the end of the last worker, in whole seconds, with what the terms are. */
  readonly stop: Sum;
}

/** A number of seconds and how it comes about. */
export interface Sum {
  readonly seconds: number;
  readonly text: string;
}

/** Cutting connections, the last hooks (onExit has 5 s), and the end of the processes. */
export const SLACK_SECONDS = 10;

/** The facts of the service that was loaded; `words` is what the command line says of it. */
export function factsOf({ settings }: LoadedData, words: readonly string[], directory: string): Facts {
  const addresses = settings.bind.map((text) => parseAddress('--bind', text.replaceAll('{slot}', '0')));
  const tcp = addresses.find(({ kind }) => kind === 'tcp');
  const unix = addresses.find(({ kind }) => kind === 'unix');
  const { uid, gid } = fs.statSync(directory);
  return {
    name: nameOf(settings.name ?? packageName(directory) ?? basename(directory)),
    directory,
    words,
    settings,
    port: tcp?.kind === 'tcp' && tcp.port !== 0 ? tcp.port : 8000,
    socket: unix?.kind === 'unix' ? unix.path : null,
    owner: uid === 0 ? null : { uid, gid },
    hasLockfile: fs.existsSync(join(directory, 'package-lock.json')),
    stop: stopSum(settings.drainDelay, settings.gracefulTimeout),
  };
}

/** How long a stop may take. */
export function stopSum(drainDelay: number, gracefulTimeout: number): Sum {
  const seconds = Math.ceil(drainDelay + gracefulTimeout + SLACK_SECONDS);
  const text = `${drainDelay} (--drain-delay) + ${gracefulTimeout} (--graceful-timeout) + ${SLACK_SECONDS} (last hooks, ends of processes) = ${seconds}`;
  return { seconds, text };
}

function packageName(directory: string): string | null {
  try {
    const { name } = JSON.parse(fs.readFileSync(join(directory, 'package.json'), 'utf8'));
    return typeof name === 'string' && name !== '' ? name : null;
  } catch {
    // There is none, or it is not JSON.
    return null;
  }
}

function nameOf(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'app'
  );
}
