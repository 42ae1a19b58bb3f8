import { connect } from 'node:net';

const request = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
const giveUpAfterMs = 10_000;

/** Asks once; resolves with `performance.now()` at the first byte of a 200, rejects where the answer is another. */
export function firstAnswer(url: string): Promise<number> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), signal: AbortSignal.timeout(giveUpAfterMs) }, () =>
      socket.write(request),
    );
    socket.setEncoding('utf8').once('data', (text) => {
      const at = performance.now();
      socket.destroy();
      const [line] = String(text).split('\r\n');
      if (line?.startsWith('HTTP/1.1 200')) resolve(at);
      else reject(new Error(`${url} answered ${line}`));
    });
    socket.once('end', () => reject(new Error(`${url} closed a connection without an answer`)));
    socket.once('error', reject);
  });
}
