import type { Socket } from 'node:net';

/** The socket that a TLSSocket was made over. Node has no public name for it. */
export function innerSocket(secure: Socket): Socket {
  const inner: unknown = Reflect.get(secure, '_parent');
  return inner instanceof process.getBuiltinModule('node:net').Socket ? inner : secure;
}
