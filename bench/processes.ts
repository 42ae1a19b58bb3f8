import { type ChildProcess, spawn } from 'node:child_process';

/** The children of a bench: whatever happens to the bench, none of them outlives it. */
export interface Processes {
  start(command: readonly string[], environment?: Readonly<Record<string, string>>): ChildProcess;
  /** Ends one child: TERM, after three seconds KILL to its process group. Resolves once it is gone. */
  end(child: ChildProcess): Promise<void>;
  endAll(): Promise<void>;
}

const killAfterMs = 3000;

/** The environment without what would change a candidate's settings behind the bench's back. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TSUNICORN_|PORT$|WEB_CONCURRENCY$|NODE_OPTIONS$|NODE_COMPILE_CACHE$)/.test(name),
  );
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
}

/** Each child leads a group of its own, so that the workers below it can be named too. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: the whole group is gone already.
  }
}

/** Resolves with the exit, or rejects where the command could not be started at all. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
}

async function end(child: ChildProcess): Promise<void> {
  const gone = exitOf(child);
  child.kill('SIGTERM');
  const timer = setTimeout(killGroup, killAfterMs, child);
  await gone.catch(() => {
    // It never started, so there is nothing to wait for.
  });
  clearTimeout(timer);
}

/** Makes the registry and arms it for Ctrl-C, TERM and any way the bench may exit. */
export function createProcesses(): Processes {
  const living = new Set<ChildProcess>();
  process.on('exit', () => living.forEach(killGroup));
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  return {
    start(command, environment = {}) {
      const [file = '', ...args] = command;
      const env = { ...plainEnvironment(), ...environment };
      const child = spawn(file, args, { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
      living.add(child);
      child.once('exit', () => {
        living.delete(child);
        // A leader that crashed must not leave its workers behind.
        killGroup(child);
      });
      return child;
    },
    end,
    async endAll() {
      await Promise.all([...living].map(end));
    },
  };
}
