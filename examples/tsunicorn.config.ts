import { defineConfig } from '../src/index.ts';

/** Run `tsunicorn -c examples/tsunicorn.config.ts` in the root of the repository. In a project, import from 'tsunicorn'. */
export default defineConfig({
  app: 'examples/hello.ts:app',
  workers: 2,
  bind: '127.0.0.1:8000',
});
