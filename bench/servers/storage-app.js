// app.js in a storage of its own: what an application pays that keeps its requests apart without tsunicorn/context.
import { AsyncLocalStorage } from 'node:async_hooks';
import { app as hello } from './app.js';

const storage = new AsyncLocalStorage();

export function app(req, res) {
  return storage.run({ req, res }, hello, req, res);
}
