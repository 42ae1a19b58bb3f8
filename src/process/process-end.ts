/** How a process ended. */
export type ProcessEnd =
  | { readonly how: 'status'; readonly status: number }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals }
  /** The process could not even be started. */
  | { readonly how: 'unstarted'; readonly error: string };
