import { type ByPath, byPath } from './by-path.ts';
import type { Kind } from './setting.ts';

/** Applications, as `module:export`, by the paths that they are mounted at: `/`, or `/…` without a slash at its end. */
export type Mounts = ByPath;

/** What a service serves: an application, and others that are mounted beside it. */
export interface Served {
  readonly app: string | null;
  readonly mount: Mounts;
}

/** A repeated `/path=module:export`, an object in the config file. Those of several sources are joined. */
export function mounts(): Kind<Mounts, Mounts> {
  return byPath({
    value: 'module:export',
    example: '/api=api.ts:app',
    object: "an object of paths and applications, such as { '/api': 'api.ts:app' }",
  });
}

/** What is served, as lines of the log name it: the application, and what is mounted; files, where there is neither. */
export function servedName(served: Served & { readonly static?: ByPath }): string {
  const { app, mount, static: files = {} } = served;
  const mounted = Object.entries(mount).map(([path, spec]) => `--mount ${path}=${spec}`);
  const applications = [...(app === null ? [] : [app]), ...mounted];
  const others = Object.entries(files).map(([path, directory]) => `--static ${path}=${directory}`);
  return (hasApplication(served) ? applications : others).join(', ');
}

/** Whether there is an application. */
export function hasApplication({ app, mount }: Served): boolean {
  return app !== null || Object.keys(mount).length > 0;
}

/** Whether neither an application is named nor a directory of files. */
export function servesNothing(served: Served & { readonly static: ByPath }): boolean {
  return !hasApplication(served) && Object.keys(served.static).length === 0;
}
