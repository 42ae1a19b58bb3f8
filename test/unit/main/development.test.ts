import { describe, expect, it } from 'vitest';
import { refuseDebug, warningsFor } from '../../../src/main/development.ts';
import { loadedWith } from '../../support/fake-service.ts';

describe('--debug', () => {
  it('is refused in production', () => {
    const loaded = { ...loadedWith({ debug: true }), environment: { NODE_ENV: 'production' } };
    expect(() => refuseDebug(loaded, {})).toThrow(/^--debug: .*NODE_ENV is production/);
    expect(() => refuseDebug({ ...loaded, environment: {} }, { NODE_ENV: 'production' })).toThrow();
    expect(() => refuseDebug({ ...loaded, environment: { NODE_ENV: 'test' } }, {})).not.toThrow();
    expect(() => refuseDebug({ ...loaded, ...loadedWith() }, {})).not.toThrow();
  });

  it.each(['0.0.0.0:8000', ':8000', '[::]:80', '192.168.0.3:80', 'example.com:80'])(
    'is warned of where %s is bound',
    (bind) => {
      expect(warningsFor(loadedWith({ debug: true, bind: [bind] }))).toEqual([
        expect.stringMatching(/--debug shows source code/),
      ]);
      expect(warningsFor(loadedWith({ debug: false, bind: [bind] }))).toEqual([]);
    },
  );

  it.each(['127.0.0.1:8000', '127.0.0.53:80', 'localhost:80', '[::1]:80', 'unix:a.sock'])(
    'needs no warning on %s',
    (bind) => expect(warningsFor(loadedWith({ debug: true, bind: [bind] }))).toEqual([]),
  );
});

describe('--reload', () => {
  it('with a daemon is warned of', () => {
    const loaded = loadedWith({ reload: true });
    const daemon = { ...loaded, settings: { ...loaded.settings, daemon: true } };
    expect(warningsFor(daemon)).toEqual([expect.stringMatching(/--daemon/)]);
  });
});
