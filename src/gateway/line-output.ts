import type { ErrorOutput } from './types.ts';

/** `wsgi.errors`: gathers what is written into lines for `log`; an empty line is not worth one. */
export class LineOutput implements ErrorOutput {
  readonly #log: (line: string) => void;
  #rest = '';

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  write(text: string): void {
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
