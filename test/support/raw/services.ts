import { join } from 'node:path';
import { root } from '../tsunicorn.ts';

const apps = join(root, 'test/fixtures/raw/apps.ts');

/** The application of the raw cases in each shape, as it is named on a command line. */
export const SHAPES = {
  node: `${apps}:node`,
  fetch: `${apps}:fetcher`,
  gateway: `${apps}:gateway`,
  server: `${apps}:server`,
  program: join(root, 'test/fixtures/raw/program.ts'),
};
