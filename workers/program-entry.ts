import { preloaded } from './preload.ts';

// Preloaded behind preload.ts: the worker boots here up to the point at which the application is loaded. Then Node goes on
// with what the user preloads and with the main module, which is the application's.
if (preloaded?.inbox) {
  const { inbox, ...ours } = preloaded;
  const { enableCompileCache } = await import('../src/process/compile-cache.ts');
  enableCompileCache();
  const { shortenOwnImports } = await import('../src/process/own-imports.ts');
  const allLoaded = shortenOwnImports();
  const { runWorker } = await import('./worker.ts');
  await new Promise<void>((start, failed) => {
    runWorker(inbox, allLoaded, { ...ours, start }).catch(failed);
  });
}
