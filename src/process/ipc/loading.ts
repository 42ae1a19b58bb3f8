import type { Place } from '../../support/place.ts';

/** Why a worker is not ready: a line for the operator, the exit status, and where in the user's code it failed, if known. */
export interface BootFailure {
  readonly exitStatus: number;
  readonly message: string;
  /** `TSU0508`, where the kind of mistake has one. */
  readonly code?: string;
  readonly stack?: string;
  /** In development only. */
  readonly place?: Place;
}

/** In development: what the application has loaded, or tried to. All paths are absolute. */
export interface FilesLoaded {
  readonly tsunicorn: 'loaded';
  readonly files: readonly string[];
  /** Where files were looked for that do not exist. */
  readonly missing: readonly string[];
  /** Date.now() before the first of the files was read. */
  readonly atMs: number;
}

/** What the application was loaded from, a moment after that; all paths are absolute, and without links. */
export interface LoadedCode {
  readonly tsunicorn: 'code';
  /** The module of the application itself. */
  readonly entry: string;
  /** Of all the files. */
  readonly hash: string;
  /** Each file with what tells its versions apart; null where it is all as the boot order's `code` has it. */
  readonly files: Readonly<Record<string, string>> | null;
}
