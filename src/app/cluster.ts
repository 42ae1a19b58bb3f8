/**
 * Refuses to fork a cluster, with a line that says why: the children would run what our own process runs, and no arbiter
 * would know them. Before anything has imported node:cluster, whose named exports are fixed then.
 */
export function refuseCluster(): void {
  // It is loaded at the first listen() anyway.
  process.getBuiltinModule('node:cluster').fork = () => {
    throw new Error(
      'cluster.fork() has no use here: tsunicorn starts the workers (--workers). Export the application, and do not fork',
    );
  };
}
