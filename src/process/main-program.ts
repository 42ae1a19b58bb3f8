/** What a worker runs as its main module: `node options file args`, with these variables. */
export interface MainProgram {
  /** Absolute, symbolic links left in it. */
  readonly file: string;
  /** Options of Node that belong to the program, relative to the directory in which it runs. */
  readonly options: readonly string[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
