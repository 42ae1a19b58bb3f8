/** A kind of mistake that messages report, by the code that stands behind them. */
export interface Explained {
  /** `TSU0412`: the first two digits are the area. A code is never used again for something else. */
  readonly code: string;
  readonly title: string;
  /** Finds the messages of this kind: it is tried on the whole line. */
  readonly pattern: RegExp;
  /** Markdown: what the message says of the state of things. */
  readonly means: string;
  /** Markdown: what to do, in the order in which it is tried. */
  readonly cure: string;
}
