import { createRequire, Module } from 'node:module';

/**
 * Makes `require.main.filename` and `require.main.require()` lead to `file`, the application. `require.main` is another
 * module object than the application's own, so that `if (require.main === module) app.listen()` does not listen.
 */
export function standInForMain(file: string): void {
  // For an ES module Node itself leaves it undefined.
  if (/\.m[jt]s$/.test(file)) return;
  const main = new Module(file);
  main.filename = file;
  main.loaded = true;
  const require = createRequire(file);
  main.paths = require.resolve.paths('_') ?? [];
  main.require = require;
  // Node copies it into each `require` that it makes.
  process.mainModule = main;
}
