import { execFile } from 'node:child_process';
import { fs } from '../../support/builtins.ts';
import { type Check, type Finding, fine, type Patient } from './finding.ts';

const JUMP_MS = 2000;
const ASK_MS = 2000;

/** Whether the wall clock went as time does. */
export const clock: Check = ({ nowMs }) => {
  const jumpMs = nowMs - (performance.timeOrigin + performance.now());
  if (Math.abs(jumpMs) < JUMP_MS) return fine('clock', 'it was not set since the start');
  const way = jumpMs > 0 ? 'forward' : 'back';
  return [
    {
      check: 'clock',
      severity: 'notice',
      message: `the clock of the system was set ${way} by ${Math.round(Math.abs(jumpMs) / 1000)} s since the start, or the machine slept`,
      cure: 'times in the log are those of the clock; no time limit depends on it. chronyc tracking, timedatectl',
    },
  ];
};

/** What stops the service, and how long it waits until it kills it. */
interface Stopper {
  readonly name: string;
  readonly seconds: number;
  /** Whether that is what it does, and not only its default. */
  readonly isKnown: boolean;
  readonly cure: string;
}

/** Whether who stops the service waits for as long as its requests may take. Asks systemd; never rejects. */
export async function grace({ service }: Patient): Promise<readonly Finding[]> {
  const { gracefulTimeout, drainDelay } = service.loaded().settings;
  const needed = gracefulTimeout + drainDelay;
  const stopper = await stopperOf();
  if (stopper === null) return [];
  const { name, seconds, isKnown, cure } = stopper;
  const own = `--graceful-timeout and --drain-delay together are ${needed} s`;
  if (seconds > needed) return fine('stop', `${own}, and ${name} waits for ${seconds} s`);
  return [
    {
      check: 'stop',
      severity: isKnown ? 'warning' : 'notice',
      message: `${own}, and ${name} kills the service after ${seconds} s${isKnown ? '' : ' by default'}: requests may be cut`,
      cure,
    },
  ];
}

async function stopperOf(): Promise<Stopper | null> {
  if (process.env.KUBERNETES_SERVICE_HOST !== undefined)
    return {
      ...{ name: 'Kubernetes', seconds: 30, isKnown: false },
      cure: 'set terminationGracePeriodSeconds of the pod higher than both together',
    };
  const unit = unitOf(textOf('/proc/self/cgroup'));
  if (unit !== null) {
    const seconds = secondsOf(await systemctl(unit));
    if (seconds !== null)
      return { name: 'systemd', seconds, isKnown: true, cure: `TimeoutStopSec= of ${unit}` };
  }
  if (!fs.existsSync('/.dockerenv')) return null;
  return {
    ...{ name: 'docker stop', seconds: 10, isKnown: false },
    cure: 'docker run --stop-timeout, stop_grace_period of Compose',
  };
}

/** The unit of a service that a control group belongs to; null where that is none. Exported for its test. */
export function unitOf(cgroup: string): string | null {
  return /^\d+:[^:]*:.*\/([\w@.\\:-]+\.service)(?:\/|$)/m.exec(cgroup)?.[1] ?? null;
}

function systemctl(unit: string): Promise<string> {
  return new Promise((resolve) => {
    const args = ['show', '--property=TimeoutStopUSec', '--value', '--', unit];
    execFile('systemctl', args, { timeout: ASK_MS }, (error, stdout) =>
      resolve(error === null ? stdout : ''),
    );
  });
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 };

/** As `1min 30s`, or Infinity; null where systemd has said nothing. Exported for its test. */
export function secondsOf(text: string): number | null {
  if (text.trim() === 'infinity') return Infinity;
  const parts = [...text.matchAll(/([\d.]+)(us|ms|s|min|h|d)\b/g)];
  if (parts.length === 0) return null;
  return parts.reduce((sum, [, value, unit = 's']) => sum + Number(value) * (UNITS[unit] ?? 0), 0);
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    // Not Linux.
    return '';
  }
}
