import { expect, it } from 'vitest';
import { ask } from '../support/http-client.ts';
import { serve } from '../support/tsunicorn.ts';

const noting = `const stack = await import('./gone.js').then(() => 'found', (error) => error.stack);
globalThis.stacks = [...(globalThis.stacks ?? []), stack];\n`;

it.each(['async', 'sync'])(
  'what shortens our own imports is gone before any code of the user in %s workers',
  async (name) => {
    const running = await serve(['-k', name, 'app.mjs'], {
      files: {
        'app.mjs': `${noting}export default (req, res) => { res.end(globalThis.stacks.join('\\n')); };\n`,
        'tsunicorn.config.mjs': `${noting}export default { postFork() {} };\n`,
      },
    });
    const { body } = await ask({ url: running.at });
    expect(body.match(/Cannot find module/g)).toHaveLength(2);
    expect(body).not.toMatch(/own-imports/);
  },
);
