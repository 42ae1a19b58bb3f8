import { Failure, STATUS } from '../failure.ts';
import { columns } from '../output.ts';
import type { Verb } from '../verb.ts';
import { change } from './change.ts';

interface Config {
  readonly settings: readonly { readonly name: string; readonly value: string; readonly origin: string }[];
}

/** The settings in force. */
export const config: Verb = {
  name: 'config',
  summary: 'every setting in force, its value and where it comes from; secrets are masked',
  async run({ service, json, out, signal }) {
    const answer = await (await service()).get<Config>('/v1/config', { signal });
    const rows = answer.settings.map(({ name, value, origin }) => [name, value, origin]);
    if (json) out.line(JSON.stringify(answer));
    else for (const line of columns(['SETTING', 'VALUE', 'ORIGIN'], rows)) out.line(line);
    return 0;
  },
};

/** What can be set while the service runs. */
const SETTABLE = ['log-level'];
const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'];

/** Changes a setting at run time. */
export const set: Verb = {
  name: 'set',
  summary: 'change a setting until the next reload; what can be set is log-level',
  operands: [
    { name: 'SETTING', doc: '`log-level`', offers: SETTABLE },
    { name: 'VALUE', doc: `for \`log-level\`: ${LEVELS.join(', ')}`, offers: LEVELS },
  ],
  async run(call) {
    const [name = '', value = ''] = call.operands;
    if (!SETTABLE.includes(name))
      throw new Failure(STATUS.refused, `${name} cannot be set while the service runs: only log-level can`);
    const path = `/v1/log-level?level=${encodeURIComponent(value)}`;
    return change(call, await call.service(), path, ({ level }) => `logging from ${level} up`);
  },
};
