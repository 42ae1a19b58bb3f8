/** What a service manager says in the environment of the processes it starts; see sd_listen_fds(3) and sd_notify(3). */
const NAMES = [
  'LISTEN_PID',
  'LISTEN_PIDFDID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
] as const;

/** The service manager's variables, as they were found. */
export type SystemdVariables = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/**
 * Takes the service manager's variables out of `env`: they speak to this process alone, and a worker or a child of the
 * application that saw them would take descriptors for its own, or tell systemd that the service is ready.
 */
export function takeVariables(env: NodeJS.ProcessEnv): SystemdVariables {
  const found = NAMES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  for (const [name] of found) delete env[name];
  return Object.fromEntries(found);
}
