import { type Body, type Environ, type GatewayApplication, validator } from '../../../src/index.ts';

/** What a server in good order would give. */
export function environment(changed: Readonly<Record<string, unknown>> = {}): Environ {
  const whole = async () => Buffer.from('');
  const input = { [Symbol.asyncIterator]: async function* () {}, bytes: whole, text: whole, json: whole };
  return {
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '',
    PATH_INFO: '/',
    QUERY_STRING: '',
    SERVER_NAME: 'x',
    SERVER_PORT: '80',
    SERVER_PROTOCOL: 'HTTP/1.1',
    'wsgi.version': [1, 0],
    'wsgi.url_scheme': 'http',
    'wsgi.input': input,
    'wsgi.errors': { write() {}, flush() {} },
    'wsgi.multithread': false,
    'wsgi.multiprocess': false,
    'wsgi.run_once': false,
    ...changed,
  } as unknown as Environ;
}

/** The message of what a call of the application under the validator throws, its body read to the end. */
export async function violation(
  app: GatewayApplication,
  read: (body: Body) => unknown = readAll,
): Promise<string> {
  try {
    await read(await validator(app)(environment(), () => {}));
    return 'none';
  } catch (error) {
    return String(error);
  }
}

async function readAll(body: Body): Promise<void> {
  for await (const _chunk of body);
  body.close?.();
}
