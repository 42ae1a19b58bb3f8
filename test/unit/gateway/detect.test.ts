import { describe, expect, it } from 'vitest';
import { detect } from '../../../src/app/detect.ts';
import { pickExport } from '../../../src/app/exports.ts';
import { parseSpec } from '../../../src/app/spec.ts';
import { type GatewayApplication, wsgi } from '../../../src/index.ts';

const options = { spec: 'web.ts:app', onError: () => {} };
const app: GatewayApplication = (_environ, startResponse) => {
  startResponse('200 OK', []);
  return [];
};

describe('a gateway application', () => {
  it('is what wsgi() has marked, and nothing else of two parameters', async () => {
    expect(await detect(wsgi(app), options)).toMatchObject({ what: 'gateway application' });
    expect(await detect(() => {}, options)).toMatchObject({ what: 'fetch handler' });
    expect(await detect((_a: unknown, _b: unknown) => {}, options)).toMatchObject({ what: 'Node listener' });
  });

  it('is known by the mark of another copy of the package', async () => {
    const marked = Object.assign(() => [], { [Symbol.for('tsunicorn.interface')]: 'wsgi' });
    expect(await detect(marked, options)).toMatchObject({ what: 'gateway application' });
  });

  it('keeps its mark as the method of an object', async () => {
    const { value } = await pickExport(parseSpec('web.ts:site.app'), {
      site: { app: wsgi((...args) => app(...args)) },
    });
    expect(await detect(value, options)).toMatchObject({ what: 'gateway application' });
  });
});
