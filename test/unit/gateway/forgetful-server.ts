import { validator } from '../../../src/index.ts';
import { environment } from './violation.ts';

// A server that never calls close(), in a process of its own, which can collect its garbage when it likes.
const errors = {
  write(line: string): never {
    process.stdout.write(line);
    process.exit();
  },
  flush() {},
};
const app = validator((_environ, startResponse) => {
  startResponse('200 OK', [['Content-Type', 'text/plain']]);
  return ['forgotten'];
});

function serveOnce(): void {
  void app(environment({ 'wsgi.errors': errors }), () => {});
}

serveOnce();
setInterval(() => globalThis.gc?.(), 10);
