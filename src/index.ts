import type { UserConfig } from './settings/catalogue/catalogue.ts';

export type { FetchEnv } from './app/adapters/fetch.ts';
export type { FetchApplication, FetchHandler, NodeApplication } from './app/markers.ts';
export { fetch, node } from './app/markers.ts';
export { type Mount, mount } from './app/mount/mount.ts';
export type {
  Body,
  Chunk,
  Environ,
  ErrorOutput,
  GatewayApplication,
  Header,
  Input,
  ReadOptions,
  StartResponse,
} from './gateway/types.ts';
export { validator } from './gateway/validator.ts';
export { wsgi } from './gateway/wsgi.ts';
export type { Settings, UserConfig } from './settings/catalogue/catalogue.ts';
export type { ArbiterView, Hooks, WorkerView } from './settings/hooks.ts';

/** Returns the configuration as it is; it lets an editor complete and check the settings and hooks. */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}
