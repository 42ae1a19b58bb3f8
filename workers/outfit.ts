import type { IncomingMessage } from 'node:http';
import type { Application } from '../src/app/application.ts';
import { gatewayContext } from '../src/gateway/context.ts';
import { type Hooks, WORKER_HOOKS } from '../src/hooks.ts';
import type { Readiness } from '../src/http/ready-path.ts';
import type { BootOrder } from '../src/ipc.ts';
import type { Logger } from '../src/log/logger.ts';
import type { Settings } from '../src/settings/catalogue.ts';

// What a worker loads only where it is asked for.

/** The hooks of the worker's side, from the configuration file; functions cannot travel, so it is imported here again. */
export async function loadWorkerHooks({ configFile, hookNames }: BootOrder): Promise<Hooks> {
  if (configFile === null || !WORKER_HOOKS.some((name) => hookNames.includes(name))) return {};
  const { loadHooks } = await import('../src/settings/load.ts');
  return loadHooks(configFile, null);
}

/** What answers at the ready path while the service is about to stop; null where there is no such path. */
export async function readinessOf(settings: Settings): Promise<Readiness | null> {
  if (!('readyPath' in settings) || typeof settings.readyPath !== 'string') return null;
  const { readinessAt } = await import('../src/http/ready-path.ts');
  return readinessAt(settings.readyPath);
}

/** Loads the application into this process. Rejects with a BootError. */
export async function loadIntoProcess(
  settings: Settings,
  log: Logger,
  onError: (error: unknown, request?: IncomingMessage) => void,
): Promise<Application> {
  const { loadApplication } = await import('../src/app/load.ts');
  const gateway = gatewayContext(settings, log);
  return loadApplication(settings.app ?? '', { cwd: process.cwd(), onError, gateway });
}
