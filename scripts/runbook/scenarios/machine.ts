import { applicationOf } from '../application.ts';
import type { Scenario } from '../scenario.ts';

/** What others do on the machine. */
export const machine: readonly Scenario[] = [
  {
    title: 'A port that is taken',
    cause: 'Something listens at the address already, as a rule the same service.',
    cure: 'The message names the process. `tsunicornctl ls` shows the services of this user.',
    make: () => ({ args: ['-b', '127.0.0.1:PORT'], startsNot: true, provoke: () => {}, log: /in use/ }),
  },
  {
    title: 'A dead arbiter',
    cause:
      'The arbiter was killed. Its workers finish their requests and end, so that nothing is left behind.',
    cure: 'Start the service again; a service manager does. `dmesg | grep -i "killed process"` says whether it was the kernel.',
    alert: 'TsunicornDown',
    make: (draw) => ({
      provoke: (stage) => {
        for (const pid of stage.workers()) stage.endWith(pid);
        stage.child.kill(draw.pick(['SIGKILL', 'SIGSEGV', 'SIGABRT'] as const));
      },
      log: /arbiter has exited/,
    }),
  },
  {
    title: 'A stopped worker',
    cause: 'A process was stopped, by SIGSTOP or a debugger, and still holds its connections.',
    cure: '`kill -CONT` it, or `tsunicornctl kill SLOT`: another one takes its place.',
    alert: 'TsunicornStalls',
    shares: 'stays',
    make: (draw) => ({
      provoke: (stage) => void process.kill(draw.pick(stage.workers()), 'SIGSTOP'),
      log: /stopped/,
      status: /stopped/,
    }),
  },
  {
    title: 'A clock that jumps',
    cause: 'The clock of the system was set, or the machine slept. No time limit depends on it.',
    cure: 'Times in the log before and after do not fit each other. `chronyc tracking`, `timedatectl`.',
    make: (draw) => {
      const seconds = draw.pick([1, -1]) * draw.number(3600, 10, 90_000);
      const hook = `const now = Date.now; setTimeout(() => { Date.now = () => now() + ${seconds * 1000}; }, ${draw.number(1000, 500, 2000)}).unref();\n`;
      return {
        files: { 'app.mjs': applicationOf(draw), 'jump.mjs': hook },
        env: { NODE_OPTIONS: '--import ./jump.mjs' },
        provoke: () => {},
        log: null,
        status: new RegExp(
          `clock of the system was set ${seconds > 0 ? 'forward' : 'back'} by ${tolerant(seconds)} s`,
        ),
      };
    },
  },
];

/** That many seconds, or one more or less. */
function tolerant(seconds: number): string {
  return `(${[-1, 0, 1].map((more) => Math.abs(seconds) + more).join('|')})`;
}
