import { resolve } from 'node:path';
import { moduleFile } from '../resolve.ts';

/** `node [options] script args`, taken apart. */
export interface NodeCommand {
  readonly options: readonly string[];
  /** Absolute, symbolic links left in it. */
  readonly file: string;
  readonly args: readonly string[];
}

/** Options that take the next word as their value where they have no `=`. */
const VALUED: ReadonlySet<string> = new Set([
  ...['-C', '--conditions', '-r', '--require', '--import', '--loader', '--experimental-loader'],
  ...['--env-file', '--env-file-if-exists', '--inspect-port', '--debug-port', '--title', '--input-type'],
  ...['--disable-warning', '--disable-proto', '--dns-result-order', '--unhandled-rejections'],
  ...['--max-http-header-size', '--stack-trace-limit', '--icu-data-dir', '--openssl-config'],
  ...['--redirect-warnings', '--report-dir', '--report-directory', '--report-filename', '--report-signal'],
  ...['--diagnostic-dir', '--cpu-prof-dir', '--heap-prof-dir', '--trace-event-categories', '--tls-keylog'],
  ...['--tls-cipher-list', '--secure-heap', '--secure-heap-min', '--localstorage-file', '--v8-pool-size'],
]);

const WATCHES = /^--watch/;
const NO_SCRIPT =
  /^(?:-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--test|--run|-h|--help|-v|--version)(?:=|$)/;

/**
 * Takes the words behind `node` apart; `cwd` is the directory in which they would be typed. Where they run no script,
 * `refuse` is called with why.
 */
export function nodeCommand(
  words: readonly string[],
  cwd: string,
  refuse: (why: string) => never,
): NodeCommand {
  const options: string[] = [];
  let rest = words;
  for (let [word, ...more] = rest; word?.startsWith('-') && word !== '--'; [word, ...more] = rest) {
    if (WATCHES.test(word))
      refuse(`${word} restarts the program, as tsunicorn does with --reload; leave it away`);
    if (NO_SCRIPT.test(word) || word === '-') refuse(`${word} runs no module; name a module`);
    const valueCount = VALUED.has(word) ? 1 : 0;
    options.push(word, ...more.slice(0, valueCount));
    rest = more.slice(valueCount);
  }
  const [script, ...args] = rest[0] === '--' ? rest.slice(1) : rest;
  if (script === undefined) return refuse('it names no module; write for example node server.js');
  const file = moduleFile(resolve(cwd, script));
  if (file === null) return refuse(`there is no module '${script}' in ${cwd}; check the path and --chdir`);
  return { options, file, args };
}
