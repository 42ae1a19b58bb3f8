/** The exit statuses of tsunicornctl; the documentation says what they mean. */
export const STATUS = {
  done: 0,
  refused: 1,
  noService: 3,
  undone: 4,
  timedOut: 5,
  warnings: 6,
  critical: 7,
  interrupted: 130,
} as const;

export type Status = (typeof STATUS)[keyof typeof STATUS];

/** What ends a command with a line on the standard error. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly status: Status;

  constructor(status: Status, message: string) {
    super(message);
    this.status = status;
  }
}
