#!/usr/bin/env node
// Only what any Node of the last years can load may be imported before the version is checked.
import { refuseOldNode } from '../src/main/runtime.ts';

const refusal = refuseOldNode(process.versions.node);
if (refusal === null) {
  // Until the arbiter listens to them, these would open Node's inspector, suspend the process, or end it.
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const)
    process.on(signal, () => {});
  const { enableCompileCache } = await import('../src/process/compile-cache.ts');
  enableCompileCache();
  const { shortenOwnImports } = await import('../src/process/own-imports.ts');
  const allLoaded = shortenOwnImports();
  const { main } = await import('../src/main/main.ts');
  process.exit(await main(process.argv.slice(2), allLoaded));
} else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 1;
}
