// The answer of app.js on Deno.
export default {
  fetch: () => new Response('Hello, world\n', { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
};
