// The application as a program, which says nothing: the first address that is announced is tsunicorn's.
import { app } from './app.js';

const { createServer } = process.getBuiltinModule('node:http');
createServer({ keepAliveTimeout: 75_000 }, app).listen(Number(process.env.PORT), '127.0.0.1');
