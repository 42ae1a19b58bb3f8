import type { Settings } from '../settings/catalogue/catalogue.ts';
import type { BootFailure } from './ipc/loading.ts';
import type { Identity } from './privileges/identity.ts';

/** What workers/trial.ts is asked. */
export interface TrialQuestion {
  readonly settings: Settings;
  readonly identity: Identity | null;
  /** Whether the program says where it is served. */
  readonly asks: boolean;
}

/** What it answers: a description of the application, or why it could not be loaded. */
export type TrialAnswer = { readonly what: string } | BootFailure;
