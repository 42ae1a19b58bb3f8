import { fileURLToPath } from 'node:url';

/** Where the requests are kept that other projects have collected, which are not in this tree: beside it, unless told. */
export const CORPORA =
  process.env.TSUNICORN_CORPORA ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url));
