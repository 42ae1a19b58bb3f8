import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { candidatesFor, type LoadedFiles, ModuleGraph } from '../../../../workers/develop/module-graph.ts';

function graphOf() {
  const reports: LoadedFiles[] = [];
  return { reports, graph: new ModuleGraph((loaded) => reports.push(loaded)) };
}

describe('the module graph', () => {
  it('reports the first file at once, and those that follow it together', async () => {
    const { graph, reports } = graphOf();
    graph.loaded('/a.ts');
    graph.loaded('/b.ts');
    graph.loaded('/c.ts');
    expect(reports.map(({ files }) => files)).toEqual([['/a.ts']]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reports.map(({ files }) => files)).toEqual([['/a.ts'], ['/b.ts', '/c.ts']]);
  });

  it('reports a file once', () => {
    const { graph, reports } = graphOf();
    graph.loaded('/a.ts');
    graph.loaded('/a.ts');
    graph.missed(['/b.ts']);
    graph.missed(['/b.ts']);
    graph.flush();
    graph.flush();
    expect(reports.map(({ files, missing }) => ({ files, missing }))).toEqual([
      { files: ['/a.ts'], missing: [] },
      { files: [], missing: ['/b.ts'] },
    ]);
  });

  it('passes on what another thread reports', () => {
    const { graph, reports } = graphOf();
    const loaded = { files: ['/a.ts'], missing: [], atMs: 1 };
    graph.take(loaded);
    expect(reports).toEqual([loaded]);
    expect([...graph.files]).toEqual(['/a.ts']);
  });
});

describe('a missing import', () => {
  it('with an extension may appear where it names it', () => {
    expect(candidatesFor('./lib/a.ts', '/app/main.ts')).toEqual(['/app/lib/a.ts']);
    expect(candidatesFor('../b.js?v=1', '/app/src/main.ts')).toEqual(['/app/b.js']);
    expect(candidatesFor('/srv/c.mjs', '/app/main.ts')).toEqual(['/srv/c.mjs']);
    expect(candidatesFor('file:///srv/c.mjs', '/app/main.ts')).toEqual(['/srv/c.mjs']);
  });

  it('of a file in a directory with odd letters is found too', () => {
    expect(candidatesFor('./b.ts', '/my app/100%/[x]#1?/main.ts')).toEqual(['/my app/100%/[x]#1?/b.ts']);
  });

  it('without an extension may be a file with one, or a directory', () => {
    expect(candidatesFor('./lib', '/app/main.cjs')).toEqual(
      expect.arrayContaining(['/app/lib', '/app/lib.js', '/app/lib.ts', '/app/lib/index.js']),
    );
  });

  it('of a package may be installed beside any package.json or node_modules above', () => {
    const root = mkdtempSync(join(tmpdir(), 'tsunicorn-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, 'packages/shop/src'), { recursive: true });
    writeFileSync(join(root, 'packages/shop/package.json'), '{}');
    mkdirSync(join(root, 'node_modules'));
    const importer = join(root, 'packages/shop/src/main.ts');
    expect(candidatesFor('@a/b/deep', importer).filter((path) => path.startsWith(root))).toEqual([
      join(root, 'packages/shop/node_modules/@a/b/package.json'),
      join(root, 'node_modules/@a/b/package.json'),
    ]);
  });

  it('of the package itself has no place', () => {
    expect(candidatesFor('#internal', '/app/main.ts')).toEqual([]);
  });
});
