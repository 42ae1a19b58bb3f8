import { describe, expect, it } from 'vitest';
import { EXIT, UsageError } from '../../../../src/support/errors.ts';
import { explainFailure } from '../../../../workers/boot/failure.ts';

describe('what a worker says that cannot boot', () => {
  it('is not that the application failed where a setting is wrong', async () => {
    const error = new UsageError('--access-logfile: cannot write /logs/access.log: EACCES');
    expect(await explainFailure(error, null, { app: 'app.ts', mount: {} })).toEqual({
      exitStatus: EXIT.usage,
      message: error.message,
    });
  });
});
