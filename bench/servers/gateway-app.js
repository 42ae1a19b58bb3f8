import { wsgi } from '../../dist/src/index.js';

/** The answer of app.js by the gateway interface, which has the shape of WSGI. */
export const app = wsgi((_environ, startResponse) => {
  startResponse('200 OK', [
    ['content-type', 'text/plain; charset=utf-8'],
    ['content-length', '13'],
  ]);
  return ['Hello, world\n'];
});
