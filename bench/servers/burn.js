const BURN_US = 20_000;

/** Burns 20 ms of its thread's processor time, however long the machine takes to give them. */
export function app(_req, res) {
  const since = process.threadCpuUsage();
  for (let used = 0; used < BURN_US; ) {
    const { user, system } = process.threadCpuUsage(since);
    used = user + system;
  }
  res.end('burnt\n');
}
