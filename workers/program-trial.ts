import { preloaded } from './preload.ts';

// As program-entry.ts, for a trial load.
if (preloaded !== null) {
  const { inbox: _none, ...ours } = preloaded;
  const { tryOnce } = await import('./boot/try-once.ts');
  const { tryAsProgram } = await import('./boot/load-program.ts');
  await new Promise<void>((start) => {
    tryOnce((settings, asks) => tryAsProgram({ ...ours, start }, settings, asks));
  });
}
