import { preloaded } from './preload.ts';

// Preloaded behind what the user preloads: hooks on the loading of modules that are registered last are called first.
preloaded?.main.watch();
