/** The answer of app.js in fetch style; the length is given because a Response does not state its own. */
export const app = {
  fetch() {
    return new Response('Hello, world\n', {
      headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': '13' },
    });
  },
};
