import { COMMON_FLAGS } from './parse.ts';
import type { Flag, Verb } from './verb.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** Prints the slots of the service, a line each. */
const SLOTS = 'tsunicornctl completion slots 2>/dev/null';

/** A script that makes the shell complete these commands. */
export function complete(shell: Shell, verbs: readonly Verb[]): string {
  switch (shell) {
    case 'bash':
      return bash(verbs);
    case 'zsh':
      return zsh(verbs);
    case 'fish':
      return fish(verbs);
  }
}

function flagsOf({ flags = [] }: Verb): readonly Flag[] {
  return [...flags, ...COMMON_FLAGS];
}

/** The words that any of its operands can be: the shell does not tell which one it is at. */
function offersOf({ operands = [] }: Verb): readonly string[] {
  return operands.flatMap(({ offers }) => {
    if (offers === undefined || offers === 'files') return [];
    return offers === 'slots' ? [`$(${SLOTS})`] : offers;
  });
}

function takesFile({ operands = [] }: Verb): boolean {
  return operands.some(({ offers }) => offers === 'files');
}

function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map((verb) => {
    const words = [...flagsOf(verb).map(({ name }) => name), ...offersOf(verb)];
    return `    ${verb.name}) words="${words.join(' ')}"${takesFile(verb) ? ' files=yes' : ''} ;;`;
  });
  return `# bash completion of tsunicornctl
_tsunicornctl() {
  local words files current="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${verbs.map(({ name }) => name).join(' ')} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[COMP_CWORD - 1]}" in
    ${fileFlags().join(' | ')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ -z "$files" ] || COMPREPLY+=($(compgen -f -- "$current"))
}
complete -F _tsunicornctl tsunicornctl`;
}

function fileFlags(): readonly string[] {
  return COMMON_FLAGS.filter(({ value }) => value === 'pidfile' || value === 'path').flatMap(
    ({ name, short }) => [name, ...(short === undefined ? [] : [short])],
  );
}

function zsh(verbs: readonly Verb[]): string {
  const names = verbs.map(({ name, summary }) => `    ${quoted(`${name}:${bare(summary)}`)}`);
  const cases = verbs.map((verb) => {
    const flags = flagsOf(verb).map(({ name, doc, value }) =>
      quoted(
        `${name}[${bare(doc).replace(/[[\]]/g, '')}]${value === undefined ? '' : `:${value}:${actionOf(value)}`}`,
      ),
    );
    const offers = offersOf(verb);
    const words = offers.length === 0 ? [] : [`"*:word:(${offers.join(' ')})"`];
    if (takesFile(verb)) words.push('"*:file:_files"');
    return `    ${verb.name}) _arguments ${[...flags, ...words].join(' ')} ;;`;
  });
  return `#compdef tsunicornctl
_tsunicornctl() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local verb="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$verb" in
${cases.join('\n')}
  esac
}
compdef _tsunicornctl tsunicornctl`;
}

function actionOf(value: string): string {
  return value === 'path' || value === 'pidfile' ? '_files' : '';
}

function fish(verbs: readonly Verb[]): string {
  const names = verbs.map(
    ({ name, summary }) =>
      `complete -c tsunicornctl -n __fish_use_subcommand -a ${name} -d ${quoted(bare(summary))}`,
  );
  const rest = verbs.flatMap((verb) => {
    const when = `complete -c tsunicornctl -n '__fish_seen_subcommand_from ${verb.name}'`;
    const flags = flagsOf(verb).map(({ name, short, doc, value }) =>
      [
        `${when} -l ${name.slice(2)}`,
        ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
        ...(value === undefined ? [] : [actionOf(value) === '' ? '-x' : '-r -F']),
        `-d ${quoted(bare(doc))}`,
      ].join(' '),
    );
    const offers = offersOf(verb).map((word) => word.replace(/^\$\((.*)\)$/, '($1)'));
    const words = offers.length === 0 ? [] : [`${when} -a "${offers.join(' ')}"`];
    return [...flags, ...words, ...(takesFile(verb) ? [`${when} -F`] : [])];
  });
  return ['# fish completion of tsunicornctl', 'complete -c tsunicornctl -f', ...names, ...rest].join('\n');
}

/** For a shell, in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}

/** Without the Markdown, and without what separates parts in zsh. */
function bare(text: string): string {
  return text.replaceAll('`', '').replaceAll(':', ',');
}
