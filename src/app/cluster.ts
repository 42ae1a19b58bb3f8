/**
 * Refuses to fork a cluster and says why: the children would run our own process's code, and no arbiter would know them.
 * To be called before anything imports node:cluster, which fixes its named exports.
 */
export function refuseCluster(): void {
  // It is loaded at the first listen() anyway.
  process.getBuiltinModule('node:cluster').fork = () => {
    throw new Error(
      'cluster.fork() is not supported, because tsunicorn starts the workers (--workers); export the application instead',
    );
  };
}
