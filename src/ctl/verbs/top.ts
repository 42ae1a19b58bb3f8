import type { Verb } from '../verb.ts';

export const top: Verb = {
  name: 'top',
  summary: 'the workers on the whole screen, as they change',
  doc: 'Keys: arrows select a worker, `s` sorts by the next column and `R` the other way round, `t` shows its stack, `p` writes a profile of 5 s into the working directory, `r` replaces it, `q` ends. It goes on over reloads and upgrades. `NO_COLOR` is respected.',
  async run(call) {
    const client = await call.service();
    const { Top } = await import('../top/top.ts');
    await new Top(call, client).run();
    return 0;
  },
};
