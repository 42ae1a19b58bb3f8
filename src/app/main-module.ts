import { createRequire, Module } from 'node:module';

/**
 * Lets CommonJS find the application where it looks for the main module: `require.main.filename` and
 * `require.main.require()` lead to `file`. It is another module than the application's own, so that
 * `if (require.main === module) app.listen()` does not listen.
 */
export function standInForMain(file: string): void {
  // Of an ES module Node itself says that there is none.
  if (/\.m[jt]s$/.test(file)) return;
  const main = new Module(file);
  main.filename = file;
  main.loaded = true;
  const require = createRequire(file);
  main.paths = require.resolve.paths('_') ?? [];
  main.require = require;
  // What Node copies into each `require` that it makes.
  process.mainModule = main;
}
