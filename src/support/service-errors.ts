/** A reload changed nothing: the workers of before keep serving. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
  /**
   * `refused`: the settings cannot be used. `undone`: the first worker of the new generation did not become ready.
   * `superseded`: another reload took its place, or the service stops.
   */
  readonly outcome: 'refused' | 'undone' | 'superseded';

  constructor(message: string, outcome: ReloadError['outcome']) {
    super(message);
    this.outcome = outcome;
  }
}

/** The service has stopped, or stops, so that what was asked for will not happen. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}
