import Koa, { type Context } from 'koa';

/** A Koa application with its middleware as the router. `tsunicorn examples/koa.ts:app` */
export const app = new Koa();

app.use(async (ctx) => {
  const [, name] = /^\/hello\/([^/]+)$/.exec(ctx.path) ?? [];
  if (ctx.path === '/') ctx.body = 'Hello from Koa\n';
  else if (name !== undefined) ctx.body = `Hello ${decodeURIComponent(name)}\n`;
  else if (ctx.path === '/echo' && ctx.method === 'POST') ctx.body = await readJson(ctx);
});

async function readJson({ req }: Context): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

export default app;
