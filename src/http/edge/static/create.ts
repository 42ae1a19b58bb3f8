import type { Handler } from '../../../app/application.ts';
import type { WorkerLog } from '../../../log/records.ts';
import type { Settings } from '../../../settings/catalogue/catalogue.ts';
import type { Clock } from '../../../support/clock.ts';
import { FileHeads } from './file-head.ts';
import { OpenFiles } from './open-files.ts';
import { realDirectory, rootsOf } from './roots.ts';
import { Sendfile, type SendfileOptions } from './sendfile.ts';
import { StaticFiles } from './static-files.ts';
import { FileTrouble } from './trouble.ts';

/** Wraps the handler of an application, so that files are sent in its place. */
export type ServeFiles = (handler: Handler) => Handler;

/** What serves files as the settings say. Throws a UsageError for a directory that this process may not enter. */
export function createFiles(settings: Settings, log: WorkerLog, clock: Clock): ServeFiles {
  const heads = new FileHeads();
  const trouble = new FileTrouble(log, clock);
  const common = { heads, trouble, openFiles: new OpenFiles() };
  const sendfile = sendfileOf(settings, common);
  const roots = rootsOf(settings.static, '--static');
  const files =
    roots.length === 0
      ? null
      : new StaticFiles({
          ...{ ...common, roots, clock },
          rootPath: settings.rootPath,
          fallsThrough: settings.staticFallthrough,
          maxAgeS: settings.staticMaxAge,
        });
  return (handler) => {
    const sending = sendfile?.guard(handler) ?? handler;
    return files?.guard(sending) ?? sending;
  };
}

function sendfileOf(
  { sendfileRoot, accelRedirect }: Settings,
  common: Pick<SendfileOptions, 'heads' | 'trouble' | 'openFiles'>,
): Sendfile | null {
  const roots = sendfileRoot.map((path) => realDirectory(path, `--sendfile-root ${path}`));
  const internal = rootsOf(accelRedirect, '--accel-redirect');
  return roots.length + internal.length === 0 ? null : new Sendfile({ ...common, roots, internal });
}
