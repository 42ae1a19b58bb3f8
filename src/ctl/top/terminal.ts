import { Failure, STATUS } from '../failure.ts';
import type { Size } from './screen.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const SIGNALS = { SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3 } as const;
const BY_SIGNAL = 128;

/** The terminal of this process as a screen. It is restored at any exit that a process can notice. */
export class Terminal {
  readonly #restore = () => this.leave();
  #drawn: readonly string[] = [];
  #isOpen = false;

  /** `typed` gets what is typed, `resized` is called with each change of the size. Throws a Failure. */
  enter(typed: (text: string) => void, resized: () => void): void {
    const { stdin, stdout } = process;
    if (!stdin.isTTY || !stdout.isTTY)
      throw new Failure(STATUS.refused, 'top needs a terminal; for programs there is status --json');
    this.#isOpen = true;
    process.on('exit', this.#restore);
    // process.exit() runs what restores it, which the end by a signal would not.
    for (const [signal, number] of Object.entries(SIGNALS))
      process.once(signal, () => process.exit(BY_SIGNAL + number));
    stdin.setRawMode(true);
    stdin.setEncoding('utf8').on('data', typed);
    // The terminal is gone.
    stdin.on('end', () => process.exit(0));
    stdout.write(ENTER);
    stdout.on('resize', () => {
      this.#drawn = [];
      resized();
    });
  }

  get size(): Size {
    const { rows, columns } = process.stdout;
    return { rows: rows || 24, columns: columns || 80 };
  }

  /** Writes the lines that have changed. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const before = this.#drawn;
    const changed = lines.flatMap((line, index) =>
      before[index] === line ? [] : [`\x1b[${index + 1};1H${line}\x1b[0m\x1b[K`],
    );
    const cleared = before.length === 0 ? '\x1b[2J' : '';
    if (changed.length > 0) process.stdout.write(`${cleared}${changed.join('')}`);
    this.#drawn = lines;
  }

  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#restore);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }
}
