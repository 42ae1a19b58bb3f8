import { mount } from '../src/index.ts';
import { app as viaExpress } from './express.ts';
import { app as viaGateway } from './gateway.ts';
import { app as viaHono } from './hono.ts';

/**
 * Applications of different kinds under paths of one service. In a project, import from 'tsunicorn'.
 * `tsunicorn examples/mounts.ts:app`, or without this file: `tsunicorn --mount /hono=examples/hono.ts:app
 * --mount /gateway=examples/gateway.ts:app examples/express.ts:app`
 */
export const app = mount({
  '/hono': viaHono,
  '/gateway': viaGateway,
  '/': viaExpress,
});
