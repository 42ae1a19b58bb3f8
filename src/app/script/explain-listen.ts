import { codeOf, messageOf, UsageError } from '../../support/errors.ts';

/** The error for a listen() of the program that failed with `error`; `spec` is the setting `app`. */
export async function explainListen(spec: string, place: string, error: unknown): Promise<UsageError> {
  const { explainBind } = await import('../../listeners/bind.ts');
  const { getuid } = process;
  const isDenied = codeOf(error) === 'EACCES' && getuid?.call(process) !== 0;
  const cure = isDenied
    ? '; or name the address with --bind: the arbiter binds it before it changes its user'
    : '';
  return new UsageError(
    `${explainBind(`${spec}: the program listens on ${place}`, codeOf(error), messageOf(error))}${cure}`,
  );
}
