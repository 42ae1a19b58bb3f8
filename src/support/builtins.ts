// An ESM import of one of Node's modules reads every one of its exports, the lazy ones too: 3 ms and 3 MB for node:fs and
// as much for node:util, in each worker. These are the same objects as they are, already loaded when a process starts.

/** node:fs. */
export const fs = process.getBuiltinModule('node:fs');

/** node:util. */
export const util = process.getBuiltinModule('node:util');
