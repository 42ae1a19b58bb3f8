const VALUED = new Set(['-e', '--eval', '-p', '--print', '-pe', '--input-type']);
const ALONE =
  /^(?:--(?:eval|print|input-type|watch|watch-path|watch-preserve-output|test|test-[\w-]+|check|interactive|run)(?:=.*)?|-[ci])$/;

/**
 * The options of Node with which a script can be started: without those that say what Node itself runs, such as `--eval` and
 * `--test`, as a program that creates a service may have been started with them.
 */
export function ofScripts(execArgv: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let index = 0; index < execArgv.length; index++) {
    const word = execArgv[index] ?? '';
    if (VALUED.has(word)) index++;
    else if (!ALONE.test(word)) kept.push(word);
  }
  return kept;
}
