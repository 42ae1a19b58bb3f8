import express from 'express';

/** An Express application, exported without a call of listen(). `tsunicorn examples/express.ts:app` */
export const app = express();

app.use(express.json());
app.get('/', (_req, res) => void res.type('text').send('Hello from Express\n'));
app.get('/hello/:name', (req, res) => void res.type('text').send(`Hello ${req.params.name}\n`));
app.post('/echo', (req, res) => void res.json(req.body));

export default app;
