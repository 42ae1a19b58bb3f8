/** A fetch handler: one Request in, one Response out. `tsunicorn examples/fetch.ts:app` */
export async function app(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/') return new Response('Hello from fetch\n');
  const [, name] = /^\/hello\/([^/]+)$/.exec(pathname) ?? [];
  if (name !== undefined) return new Response(`Hello ${decodeURIComponent(name)}\n`);
  if (pathname === '/echo' && request.method === 'POST') return Response.json(await request.json());
  return new Response('Not found\n', { status: 404 });
}

export default app;
