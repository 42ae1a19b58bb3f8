import { Inbox } from './inbox.ts';

// The first thing a worker does is to get its handlers in place and say so: until then a signal would simply kill it.
const inbox = new Inbox();
// Before the compile cache: root must not run, nor write over, what another user can write.
const standards = await becomeWhoWeAreToBe();
const { enableCompileCache } = await import('../src/compile-cache.ts');
enableCompileCache();
const { shortenOwnImports } = await import('../src/own-imports.ts');
const allLoaded = shortenOwnImports();
const { runWorker } = await import('./worker.ts');
await runWorker(inbox, standards, allLoaded);

/** The arbiter names another user as our only argument, which is none of the application's business. */
async function becomeWhoWeAreToBe() {
  const [identity] = process.argv.splice(2);
  if (identity === undefined) return { stdout: 1, stderr: 2 };
  const { dropPrivileges } = await import('./privileges.ts');
  return dropPrivileges(inbox, JSON.parse(identity));
}
