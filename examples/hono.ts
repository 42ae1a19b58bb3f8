import { Hono } from 'hono';

/** A Hono application: an object with fetch(). `tsunicorn examples/hono.ts:app` */
export const app = new Hono();

app.get('/', (c) => c.text('Hello from Hono\n'));
app.get('/hello/:name', (c) => c.text(`Hello ${c.req.param('name')}\n`));
app.post('/echo', async (c) => c.json(await c.req.json()));

export default app;
