import type { TlsChange, TlsSpec } from '../../src/process/ipc/tls.ts';
import { BootError, EXIT, messageOf } from '../../src/support/errors.ts';
import { TlsDoor, type TlsDoorOptions } from '../accept/tls/door.ts';

/** Makes what ends TLS. Throws a BootError where the hook sslContext, or what it returns, does not work. */
export function openTls(options: TlsDoorOptions): TlsDoor {
  try {
    return new TlsDoor(options);
  } catch (error) {
    const hook = options.sslContext === undefined ? '' : ' (with the hook sslContext)';
    const stack = error instanceof Error && hook !== '' ? error.stack : undefined;
    throw new BootError(`no TLS context can be made${hook}: ${messageOf(error)}`, EXIT.usage, stack);
  }
}

/** What a worker that has not opened TLS yet is to open it with, after a change. */
export function changedSpec(spec: TlsSpec, change: TlsChange): TlsSpec {
  const { tsunicorn: _name, ...parts } = change;
  return { ...spec, ...parts };
}
