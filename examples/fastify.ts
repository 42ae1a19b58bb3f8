import fastify from 'fastify';

/** A Fastify application; the worker calls its ready() and close(). `tsunicorn examples/fastify.ts:app` */
export const app = fastify();

app.get('/', async () => 'Hello from Fastify\n');
app.get<{ Params: { name: string } }>('/hello/:name', async ({ params }) => `Hello ${params.name}\n`);
app.post('/echo', async ({ body }) => body);

export default app;
