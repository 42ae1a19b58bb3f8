// Writes the list of what is promised to users, after it was changed on purpose: see docs/stability.md.
import { writeFileSync } from 'node:fs';
import { promised, STABLE } from '../test/support/promise/promised.ts';

writeFileSync(STABLE, `${JSON.stringify(await promised(), null, 2)}\n`);
