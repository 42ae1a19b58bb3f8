/** The application of every node-style candidate: the same answer, so that only the server around it differs. */
export function app(_req, res) {
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end('Hello, world\n');
}
