import { describe, expect, it } from 'vitest';
import { EXIT, UsageError } from '../../../../src/support/errors.ts';
import { explainFailure } from '../../../../workers/boot/failure.ts';

describe('what a worker says that cannot boot', () => {
  it('is not that the application failed where a setting is wrong', async () => {
    const error = new UsageError('--access-logfile: cannot write /logs/access.log: EACCES');
    expect(await explainFailure(error, null, { app: 'app.ts', mount: {} })).toEqual({
      exitStatus: EXIT.usage,
      message: error.message,
      code: 'TSU0301',
    });
  });

  it.each([
    [
      'a port of UDP is taken',
      { code: 'EADDRINUSE', syscall: 'bind' },
      'bind EADDRINUSE 0.0.0.0:53',
      /UDP.*-w 1/,
    ],
    [
      "Node's options preload what is not there",
      { code: 'ERR_MODULE_NOT_FOUND' },
      "Cannot find package 'tsx' imported from /srv/shop/",
      /--import.*install it/,
    ],
  ])('is one line with a cure where %s', async (_what, fields, text, cure) => {
    const error = Object.assign(new Error(text), fields);
    const failure = await explainFailure(error, null, { app: 'app.ts', mount: {} });
    expect(failure.message).toMatch(cure);
    expect(failure).not.toHaveProperty('stack');
  });

  it('has the stack where it is the code of the application', async () => {
    const error = Object.assign(new Error("Cannot find package 'x' imported from /srv/shop/app.js"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const failure = await explainFailure(error, null, { app: 'app.ts', mount: {} });
    expect(failure.stack).toBe(error.stack);
  });
});
