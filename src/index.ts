import type { ServiceOptions } from './library/options.ts';
import { Service } from './library/service.ts';
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
export type { ServiceEvent, ServiceOptions, ServiceRecord } from './library/options.ts';
export type { Service } from './library/service.ts';
export type { ServiceStatus } from './process/status.ts';
export type { Settings, UserConfig } from './settings/catalogue/catalogue.ts';
export type { ArbiterView, Hooks, WorkerView } from './settings/hooks.ts';
export { BootError, UsageError } from './support/errors.ts';
export { ReloadError, StoppedError } from './support/service-errors.ts';

/** Returns the configuration as it is; it lets an editor complete and check the settings and hooks. */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}

/**
 * Starts a service in this program, with its workers as child processes. It never ends this process, and takes neither its
 * signals nor its title unless the options ask for that.
 */
export function createService(settings: UserConfig, options: ServiceOptions = {}): Service {
  return new Service(settings, options);
}
