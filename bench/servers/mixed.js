const BLOCK_MS = 200;

/** Answers at once, but for /block: that keeps the event loop busy first. */
export function app(req, res) {
  if (req.url === '/block') {
    const until = performance.now() + BLOCK_MS;
    while (performance.now() < until);
  }
  res.end('ok\n');
}
