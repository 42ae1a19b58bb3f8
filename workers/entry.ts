import { Inbox } from './inbox.ts';

// A worker first sets its signal handlers and reports that: until then a signal would simply kill it.
const inbox = new Inbox();
const { enableCompileCache } = await import('../src/process/compile-cache.ts');
enableCompileCache();
const { shortenOwnImports } = await import('../src/process/own-imports.ts');
const allLoaded = shortenOwnImports();
const { runWorker } = await import('./worker.ts');
await runWorker(inbox, allLoaded);
