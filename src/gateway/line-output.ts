import type { ErrorOutput } from './types.ts';

/**
 * `wsgi.errors`: gathers what is written into lines for `log`, without empty ones. `atEnd` is called once something was
 * written, with what must run when the answer has ended.
 */
export class LineOutput implements ErrorOutput {
  readonly #log: (line: string) => void;
  readonly #atEnd: (flush: () => void) => void;
  #rest = '';
  #isUsed = false;

  constructor(log: (line: string) => void, atEnd: (flush: () => void) => void) {
    this.#log = log;
    this.#atEnd = atEnd;
  }

  write(text: string): void {
    if (!this.#isUsed) this.#atEnd(() => this.flush());
    this.#isUsed = true;
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') this.#log(line);
  }

  flush(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#log(rest);
  }
}
