import { Inbox } from './inbox.ts';

// The first thing a worker does is to get its handlers in place and say so: until then a signal would simply kill it.
const inbox = new Inbox();
const { enableCompileCache } = await import('../src/process/compile-cache.ts');
enableCompileCache();
const { shortenOwnImports } = await import('../src/process/own-imports.ts');
const allLoaded = shortenOwnImports();
const { runWorker } = await import('./worker.ts');
await runWorker(inbox, allLoaded);
