/** What a key asks for. */
export type Key =
  | 'quit'
  | 'up'
  | 'down'
  | 'sort'
  | 'reverse'
  | 'stack'
  | 'profile'
  | 'restart'
  | 'yes'
  | 'close'
  | 'other';

const KEYS: Readonly<Record<string, Key>> = {
  q: 'quit',
  // Ctrl-C and Ctrl-D: no signal is sent in the raw mode.
  '\x03': 'quit',
  '\x04': 'quit',
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  k: 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  j: 'down',
  s: 'sort',
  R: 'reverse',
  t: 'stack',
  p: 'profile',
  r: 'restart',
  y: 'yes',
  '\x1b': 'close',
  '\r': 'close',
};

/** The keys in what a terminal has sent, which may be several. */
export function keysOf(text: string): readonly Key[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal sends its keys.
  return (text.match(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[\s\S]/g) ?? []).map((key) => KEYS[key] ?? 'other');
}

/** What the last line of the screen says of them. */
export const KEY_LINE = 'q quit  ↑↓ select  s sort  R reverse  t stack  p profile  r restart  Esc close';
