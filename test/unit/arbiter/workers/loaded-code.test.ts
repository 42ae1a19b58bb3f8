import { beforeEach, describe, expect, it } from 'vitest';
import { LoadedCodes } from '../../../../src/arbiter/workers/loaded-code.ts';
import { FakeLogger } from '../../../support/fake-logger.ts';

const files = { '/app/a.js': '10 1 1', '/app/node_modules/b/index.js': '20 2 2' };
const code = (changed: Readonly<Record<string, string>> = {}, hash = JSON.stringify(changed)) =>
  ({ tsunicorn: 'code', entry: '/app/a.js', hash, files: { ...files, ...changed } }) as const;
const worker = (age: number, generation = 1) => ({ pid: 1000 + age, slot: 0, age, generation });

let log: FakeLogger;
let codes: LoadedCodes;

beforeEach(() => {
  log = new FakeLogger();
  codes = new LoadedCodes(log);
  codes.loaded(worker(1), code());
});

describe('the code of a generation', () => {
  it('is what its first worker has loaded', () => {
    expect(codes.hashOf(1)).toBe('{}');
    expect(codes.hashOf(2)).toBeNull();
  });

  it('is not what a later worker has loaded where a file changed, which is said once', () => {
    const changed = { '/app/node_modules/b/index.js': '21 3 2' };
    codes.loaded(worker(2), code(changed));
    codes.loaded(worker(3), code(changed));
    expect(log.at('warning')).toEqual([
      'Generation 1 runs two versions of the code: /app/node_modules/b/index.js differs from what its first worker loaded, and worker (pid: 1002, slot 0, age 2) has loaded the new version; send HUP to bring all workers to the same version',
    ]);
    expect(log.lines.find(({ level }) => level === 'warning')?.fields).toMatchObject({
      event: 'code-mixed',
      count: 1,
      files: ['/app/node_modules/b/index.js'],
    });
  });

  it('is the same where another worker has loaded more, or less, of it', () => {
    codes.loaded(worker(2), code({ '/app/lazy.js': '1 1 9' }));
    codes.loaded(worker(3), { ...code(), hash: 'less', files: { '/app/a.js': '10 1 1' } });
    codes.loaded(worker(4), { ...code(), files: null });
    expect(log.at('warning')).toEqual([]);
  });

  it('is another where the module of the application is', () => {
    codes.loaded(worker(2), { ...code({}, 'other'), entry: '/releases/2/a.js', files: {} });
    expect(log.matching(/: \/releases\/2\/a\.js differs from what/)).toHaveLength(1);
  });

  it('is each generation its own, and forgotten with it', () => {
    codes.promoted(2);
    codes.loaded(worker(2, 2), code({ '/app/a.js': '11 2 1' }));
    expect(log.at('warning')).toEqual([]);
    expect([codes.hashOf(1), codes.hashOf(2)]).toEqual([null, '{"/app/a.js":"11 2 1"}']);
  });
});
