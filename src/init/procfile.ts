import { joinArguments } from '../settings/sources/split-arguments.ts';
import type { Facts } from './facts.ts';

/** A platform kills 30 s after its TERM; the last hooks need some of it. */
const GRACE_SECONDS = 20;

/** A Procfile for the service. */
export function procfile({ words, settings }: Facts): string {
  const fits = settings.drainDelay + settings.gracefulTimeout <= GRACE_SECONDS;
  const grace = fits ? [] : ['--drain-delay', '0', '--graceful-timeout', `${GRACE_SECONDS}`];
  const dashes = words.indexOf('--');
  const [own, behind] = dashes < 0 ? [words, []] : [words.slice(0, dashes), words.slice(dashes)];
  const command = joinArguments(['node_modules/.bin/tsunicorn', ...own, ...grace, ...behind]);
  return `# Heroku kills 30 s after TERM: ${GRACE_SECONDS} (--graceful-timeout) + 10 (last hooks, ends of processes) = 30.
# PORT and WEB_CONCURRENCY, which the platform sets, are read.
web: ${command}
`;
}
