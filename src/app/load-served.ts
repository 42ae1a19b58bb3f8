import { bareContext, contextAt } from '../gateway/context.ts';
import type { Mounts, Served } from '../settings/mounts.ts';
import type { Application } from './application.ts';
import { importApplication, type LoadOptions, loadApplication } from './load.ts';
import { standInForMain } from './main-module.ts';
import { resolveModule } from './resolve.ts';
import { type AppSpec, parseSpec } from './spec.ts';

/** Loads what is served: an application, or several under their paths, or none beside files. Rejects with a BootError, with exit status 4. */
export async function loadServed(served: Served, options: LoadOptions): Promise<Application> {
  const { app, mount } = served;
  if (app !== null && isEmpty(mount)) return loadApplication(app, options);
  const { adaptMounts } = await import('./mount/adapt-mounts.ts');
  const { cwd, gateway = bareContext } = options;
  const modules = [];
  for (const [index, { path, spec }] of specsOf(served).entries()) {
    if (index === 0) standInForMain(resolveModule(spec, cwd));
    modules.push({ path, name: spec.text, imported: await importApplication(spec, cwd, ALONE) });
  }
  // When all are imported, as what one imports may concern the others.
  const routes = [];
  for (const { path, name, imported } of modules) {
    const application = await imported.make({ ...options, gateway: contextAt(path, gateway) });
    routes.push({ path, name, application });
  }
  return adaptMounts(routes, gateway);
}

/** What the operator may do with a module that is a program, beside exporting its application. */
const ALONE = 'serve it in a service of its own, as mounts share one server';

interface MountedSpec {
  /** As mountPathOf() has it. */
  readonly path: string;
  readonly spec: AppSpec;
}

/** The applications to load, that at `/` first. Throws a BootError. */
function specsOf({ app, mount }: Served): readonly MountedSpec[] {
  const mounted = Object.entries(mount).map(([path, text]) => ({
    path: path === '/' ? '' : path,
    spec: parseSpec(text, `--mount ${path}=${text}`),
  }));
  return [...(app === null ? [] : [{ path: '', spec: parseSpec(app) }]), ...mounted];
}

function isEmpty(mount: Mounts): boolean {
  return Object.keys(mount).length === 0;
}
