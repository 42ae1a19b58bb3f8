/** What a companion that imports `tsunicorn/companion` tells its arbiter. */
export type CompanionMessage =
  /** It works. From the first one on the arbiter expects one within each `timeout`. */
  { readonly tsunicorn: 'companionBeat' } | { readonly tsunicorn: 'companionReady' };

/** Whether a message on the channel of a companion is one of these. */
export function isCompanionMessage(message: unknown): message is CompanionMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'tsunicorn' in message &&
    (message.tsunicorn === 'companionBeat' || message.tsunicorn === 'companionReady')
  );
}

/** The environment variables by which a companion knows what it is. */
export const COMPANION_VARIABLES = {
  name: 'TSUNICORN_COMPANION',
  index: 'TSUNICORN_COMPANION_INDEX',
  generation: 'TSUNICORN_GENERATION',
  /** Seconds; 0 is no limit. */
  timeout: 'TSUNICORN_COMPANION_TIMEOUT',
  gracefulTimeout: 'TSUNICORN_COMPANION_GRACE',
} as const;
