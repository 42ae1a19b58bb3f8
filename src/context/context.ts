/** `tsunicorn/context`: what code needs to know of the request that it runs for, without being handed it. */
export { afterRequest } from './after-request.ts';
export { app, type CurrentApp } from './app.ts';
export { forward } from './forward.ts';
export { type Globals, g } from './globals.ts';
export { Local } from './local.ts';
export { type ContextLog, log } from './log.ts';
export { type CurrentRequest, request } from './request.ts';
export type { AfterRequest, Teardown } from './store.ts';
export { teardown } from './teardown.ts';
export { withApp } from './with-app.ts';
