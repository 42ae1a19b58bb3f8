import { complete, SHELLS, type Shell } from '../completion.ts';
import { Failure, STATUS } from '../failure.ts';
import type { Verb } from '../verb.ts';

/** Prints what a shell needs to complete the commands of `table`. */
export function completionOf(table: () => readonly Verb[]): Verb {
  return {
    name: 'completion',
    summary: 'print the completion for a shell',
    doc: 'bash: `source <(tsunicornctl completion bash)`. zsh: the same, after `compinit`. fish: `tsunicornctl completion fish | source`.',
    operands: [{ name: 'SHELL', doc: SHELLS.join(', '), offers: SHELLS }],
    async run({ operands: [given = ''], out, service, signal }) {
      if (given === 'slots') {
        const { processes } = await (await service()).status({ signal });
        for (const { slot } of processes) if (slot !== null) out.line(`${slot}`);
        return 0;
      }
      const shell = SHELLS.find((one): one is Shell => one === given);
      if (shell === undefined)
        throw new Failure(STATUS.refused, `completion: expected ${SHELLS.join(', ')}, got ${given}`);
      out.line(complete(shell, table()));
      return 0;
    },
  };
}
