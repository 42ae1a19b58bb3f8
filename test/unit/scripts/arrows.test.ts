import { describe, expect, it } from 'vitest';
import { forbiddenArrows, productSources, ROOMS } from '../../../scripts/arrows.ts';

const line = (text: string, path = 'src/arbiter/policy/restart.ts') => forbiddenArrows([{ path, text }]);

describe('forbiddenArrows', () => {
  it('finds none in the product', () => {
    expect(productSources().length).toBeGreaterThan(200);
    expect(forbiddenArrows(productSources())).toEqual([]);
  });

  it('names the file, the line and the arrow of an import from a higher room', () => {
    const text =
      "import { seconds } from '../../support/duration.ts';\nimport {\n  type A,\n} from '../../http/server.ts';\n";
    expect(line(text)).toEqual([
      'src/arbiter/policy/restart.ts:4: src/arbiter must not import src/http (../../http/server.ts)',
    ]);
  });

  it.each([
    ['a type', "import type { Application } from '../../app/application.ts';"],
    ['a type in place', "let app: import('../../app/application.ts').Application;"],
    ['at the first use', "const { load } = await import('../../app/load.ts');"],
    ['for its effects', "import '../../app/load.ts';"],
    ['to export it again', "export type { Application } from '../../app/application.ts';"],
  ])('also finds an import of %s', (_what, text) => {
    expect(line(text)).toHaveLength(1);
    expect(line(text)[0]).toContain('src/arbiter/policy/restart.ts:1: src/arbiter must not import src/app');
  });

  it('lets a room import itself and packages', () => {
    expect(line("import { pino } from 'pino';\nimport { a } from '../service.ts';\n")).toEqual([]);
  });

  it('keeps the sides of the arbiter and of the workers apart', () => {
    expect(line("import './worker.ts';", 'src/main/main.ts')).toEqual([]);
    expect(line("import '../../workers/worker.ts';", 'src/main/main.ts')).toHaveLength(1);
    expect(line("import '../src/arbiter/arbiter.ts';", 'workers/worker.ts')).toHaveLength(1);
    expect(line("import '../src/main/main.ts';", 'workers/worker.ts')).toHaveLength(1);
  });

  it('asks for a place of each new room', () => {
    expect(line('', 'src/cellar/wine.ts')).toEqual([
      'src/cellar/wine.ts: scripts/arrows.ts has no room src/cellar',
    ]);
  });
});

it('no room may import one that may import it', () => {
  const reachable = (room: string, seen = new Set<string>()): Set<string> => {
    for (const next of ROOMS[room] ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
    return seen;
  };
  const inCycles = Object.keys(ROOMS).filter((room) => reachable(room).has(room));
  expect(inCycles).toEqual([]);
});
