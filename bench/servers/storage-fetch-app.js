// fetch-app.js in a storage of its own.
import { AsyncLocalStorage } from 'node:async_hooks';
import { app as hello } from './fetch-app.js';

const storage = new AsyncLocalStorage();

export const app = {
  fetch(request) {
    return storage.run({ request }, hello.fetch, request);
  },
};
