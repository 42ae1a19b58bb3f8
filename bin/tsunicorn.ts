#!/usr/bin/env node
// Only what any Node of the last years can load may be imported before the version is checked.
import { refuseOldNode } from '../src/cli/runtime.ts';

const refusal = refuseOldNode(process.versions.node);
if (refusal === null) {
  // Node would open its inspector on USR1 until a handler is there.
  process.on('SIGUSR1', () => {});
  const { enableCompileCache } = await import('../src/compile-cache.ts');
  enableCompileCache();
  const { main } = await import('../src/cli/main.ts');
  process.exit(await main(process.argv.slice(2)));
} else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 1;
}
