// fetch-app.js with contexts, which it does not use.
import 'tsunicorn/context';

export { app } from './fetch-app.js';
