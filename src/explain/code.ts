/**
 * The code of the mistake that a message reports; null where it has none, or tsunicorn was removed from the disk. What
 * knows the codes is loaded only here, so that a start in which nothing fails does not pay for it. Never rejects.
 */
export async function codeOfMessage(message: string): Promise<string | null> {
  try {
    const { explanationOf } = await import('./catalogue.ts');
    return explanationOf(message)?.code ?? null;
  } catch {
    // The message is what counts.
    return null;
  }
}

/** The message as it is shown, with its code behind it: `--workers: expected … [TSU0199]`. */
export function withCode(message: string, code: string | null | undefined): string {
  return code == null ? message : `${message} [${code}]`;
}
