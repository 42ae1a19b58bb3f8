// The answer of app.js on Bun.
Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  reusePort: true,
  fetch: () => new Response('Hello, world\n', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
});
