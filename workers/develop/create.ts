import type { AnswerFailure } from '../../src/http/runner.ts';
import type { FilesLoaded } from '../../src/process/ipc/loading.ts';
import type { Settings } from '../../src/settings/catalogue/catalogue.ts';
import type { ModuleGraph } from './module-graph.ts';

/** With --reload, tells the arbiter what is imported from now on; null otherwise. */
export async function followImports(
  { reload }: Settings,
  tell: (loaded: FilesLoaded) => void,
): Promise<ModuleGraph | null> {
  if (!reload) return null;
  const modules = await import('./module-graph.ts');
  return modules.followImports((loaded) => tell({ tsunicorn: 'loaded', ...loaded }));
}

/** With --debug, the function that answers a request that fails; null otherwise. */
export async function errorPage({ debug }: Settings): Promise<AnswerFailure | null> {
  return debug ? (await import('./error-page.ts')).answerWithError : null;
}
