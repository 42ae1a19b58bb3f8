import type { Server } from 'node:http';
import type { Application, Handler } from '../application.ts';
import { doubtListener } from '../mistaken.ts';
import { hasMethods } from './shapes.ts';

type AnyFunction = (...args: never[]) => unknown;

export function isServer(value: unknown): value is Server {
  return (
    typeof value === 'object' &&
    value !== null &&
    hasMethods(value, 'listen', 'emit', 'listeners', 'listenerCount') &&
    'listening' in value
  );
}

/** A function that is called as a Node listener, `since` that is what it looks like. */
export function adaptListener(value: AnyFunction, spec: string, since: string): Application {
  return { what: 'Node listener', handler: value as Handler, doubt: doubtListener(spec, since) };
}

/** An Express or Connect application. */
export function adaptMiddlewareStack(value: AnyFunction): Application {
  const what = 'settings' in value ? 'Express application' : 'Connect application';
  return { what, handler: value as Handler };
}

/** Whether a function is an Express or Connect application, whatever parameters it declares. */
export function isMiddlewareStack(value: object): boolean {
  return hasMethods(value, 'handle', 'use');
}
