import http from 'node:http';
import http2 from 'node:http2';
import { type Name, type Service, speaksHttp2 } from './service.ts';

/** An honest request must be answered within this. */
const LIMIT_MS = 40_000;

/** Asks on a new connection; returns what was wrong with the answer, null where nothing. */
export function askHonestly(service: Service, name: Name): Promise<string | null> {
  return speaksHttp2(name) ? askByHttp2(service) : askByHttp1(service);
}

function askByHttp1({ path: socketPath }: Service): Promise<string | null> {
  return new Promise((resolve) => {
    const request = http.request(
      {
        socketPath,
        path: '/',
        method: 'POST',
        agent: false,
        timeout: LIMIT_MS,
        headers: { 'Content-Length': 5 },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.on('error', (error) => resolve(String(error)));
        response.on('end', () => {
          const isRight = response.statusCode === 200 && body === 'POST with 5 bytes\n';
          resolve(isRight ? null : `${response.statusCode} ${body}`);
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)));
    request.on('error', (error) => resolve(String(error)));
    request.end('hello');
  });
}

function askByHttp2({ port }: Service): Promise<string | null> {
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const settle = (fault: string | null) => {
      session.destroy();
      resolve(fault);
    };
    session.on('error', (error) => settle(String(error)));
    session.setTimeout(LIMIT_MS, () => settle(`no answer within ${LIMIT_MS / 1000} s`));
    const stream = session.request({ ':path': '/' });
    stream.on('error', (error) => settle(String(error)));
    stream.on('response', ({ ':status': status }) => settle(status === 200 ? null : `${status}`));
    stream.resume();
  });
}
