#!/usr/bin/env node
// Only what any Node of the last years can load may be imported before the version is checked.
import { refuseOldNode } from '../src/main/runtime.ts';

const refusal = refuseOldNode(process.versions.node);
if (refusal === null) {
  const { enableCompileCache } = await import('../src/process/compile-cache.ts');
  enableCompileCache();
  // `tsunicornctl … | head`: who reads no more wants no more.
  process.stdout.on('error', () => process.exit(0));
  const { main } = await import('../src/ctl/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 1;
}
