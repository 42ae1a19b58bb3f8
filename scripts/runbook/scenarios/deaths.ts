import { applicationOf } from '../application.ts';
import type { Scenario } from '../scenario.ts';

/** Workers that end without being told to. */
export const deaths: readonly Scenario[] = [
  {
    title: 'The heap limit of V8',
    cause: 'A request collects more than the JavaScript heap of a worker may hold.',
    cure: '`tsunicornctl heap SLOT` of a worker that has grown shows what is kept. `--max-memory` replaces workers in time.',
    alert: 'TsunicornOutOfMemory',
    make: (draw) => ({
      isDeath: true,
      env: { NODE_OPTIONS: `--max-old-space-size=${draw.number(48, 40, 80)}` },
      provoke: (stage) => stage.ask(draw.paths.collect),
      log: new RegExp(`heap[^]*${draw.paths.collect}`),
      status: /heap/,
    }),
  },
  {
    title: 'A worker that is killed from outside',
    cause: 'Another supervisor, a limit of the system or a person sends a signal.',
    cure: 'The signal tells who it may have been: SIGKILL a supervisor or a person, SIGXCPU a limit of processor time (`ulimit -t`, LimitCPU=). In a container look at its limits.',
    alert: 'TsunicornCrashLoop',
    alertAfter: 6,
    shares: 'passes',
    make: (draw) => {
      const signal = draw.pick(['SIGKILL', 'SIGXCPU', 'SIGABRT'] as const);
      return {
        provoke: (stage) => void process.kill(draw.pick(stage.workers()), signal),
        log: new RegExp(`Worker .*${signal}`),
        status: new RegExp(`deaths: .*${signal}`),
      };
    },
  },
  {
    title: 'A crash at boot',
    cause: 'The application throws while it is loaded: a variable, a file or a database is missing.',
    cure: 'The log has the stack. Statuses 3 and 4 are not worth a restart: systemd is told so by RestartPreventExitStatus= of the unit that `tsunicorn init systemd` writes.',
    make: (draw) => {
      const [code, log] = draw.pick(BROKEN);
      return { files: { 'app.mjs': code }, startsNot: true, provoke: () => {}, log };
    },
  },
  {
    title: 'A crash loop after the boot',
    cause: 'The workers get ready, and die soon after, again and again.',
    cure: 'If it began with a deploy, put the old code back and `tsunicornctl reload --wait`. Starts are delayed meanwhile, so that the machine has time for the rest.',
    alert: 'TsunicornCrashLoop',
    make: (draw) => {
      const [code, named] = draw.pick(ENDINGS);
      const ending = `\nsetTimeout(() => { ${code} }, ${draw.number(300, 100, 900)});\n`;
      return {
        isUnsteady: true,
        files: { 'app.mjs': applicationOf(draw, ending) },
        provoke: () => {},
        log: named,
        status: new RegExp(`(deaths|threads): .*${named.source}`),
      };
    },
  },
  {
    title: 'No worker can be started any more',
    cause: 'The workers have ended, and what their successors load is broken: nobody serves.',
    cure: 'Put the old code back, then `tsunicornctl reload --wait`: it ends the delay of the next start.',
    alert: 'TsunicornNobodyServes',
    make: (draw) => {
      const [code, named] = draw.pick(BROKEN);
      return {
        provoke: (stage) => {
          stage.write('app.mjs', code);
          for (const pid of stage.workers()) process.kill(pid, 'SIGKILL');
        },
        log: named,
        status: new RegExp(`boots: .*(${named.source})`, named.flags),
      };
    },
  },
  {
    title: 'A worker that cannot be replaced',
    cause: 'A worker has ended, and its successor cannot be started, while the others serve.',
    cure: 'As above; `tsunicornctl logs --level error` has the reason of each start that failed.',
    alert: 'TsunicornFewWorkers',
    make: (draw) => {
      const [code, named] = draw.pick(BROKEN);
      return {
        workers: draw.number(2, 2, 4),
        provoke: (stage) => {
          stage.write('app.mjs', code);
          process.kill(stage.workers()[0] ?? 0, 'SIGKILL');
        },
        log: named,
        status: new RegExp(`boots: .*(${named.source})`, named.flags),
      };
    },
  },
  {
    title: 'A storm of rejections',
    cause: 'Promises are rejected and nobody handles it: each ends its worker, as Node does.',
    cure: 'The log has the error and its stack: `await` the promise, or `catch` it.',
    alert: 'TsunicornCrashLoop',
    alertAfter: 2,
    shares: 'passes',
    make: (draw) => ({
      provoke: async (stage) => {
        for (let times = draw.number(6, 1, 8); times > 0; times--) {
          stage.ask(draw.paths.reject, 2);
          await stage.pause(500);
        }
      },
      log: /nobody awaits this/,
      status: /nobody awaits this/,
    }),
  },
  {
    title: 'A crash of native code',
    cause: 'An addon, or Node itself, has read what it must not: SIGSEGV.',
    cure: 'Leave out the addon that was updated last; `coredumpctl` has the stack where cores are kept.',
    alert: 'TsunicornCrashLoop',
    alertAfter: 6,
    shares: 'passes',
    make: (draw) => {
      const signal = draw.pick(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE'] as const);
      return {
        provoke: (stage) => stage.ask(`${draw.paths.crash}?signal=${signal}`),
        log: new RegExp(`crashed with ${signal}`),
        status: new RegExp(`deaths: .*${signal}`),
      };
    },
  },
  {
    title: 'process.exit in a request',
    cause:
      'Code of the application, or of a package, ends the whole worker and with it the requests of others.',
    cure: 'The log names the place of the call: throw an error there instead.',
    alert: 'TsunicornCrashLoop',
    alertAfter: 6,
    shares: 'passes',
    make: (draw) => ({
      provoke: (stage) => stage.ask(`${draw.paths.quit}?status=${draw.number(1, 0, 130)}`),
      log: new RegExp(
        `process\\.exit\\(\\) at .*app\\.mjs[^]*GET ${draw.paths.quit}|GET ${draw.paths.quit}.*process\\.exit\\(\\)`,
      ),
      status: /process\.exit\(\)/,
    }),
  },
  {
    title: 'Errors of the application',
    cause: 'The application answers with a status from 500 up.',
    cure: 'Its own log has the reason; `tsunicornctl logs --level error` has what it did not handle itself.',
    alert: 'TsunicornErrors',
    alertAfter: 8,
    make: (draw) => ({
      provoke: (stage) => stage.ask(draw.paths.fail, draw.number(8, 5, 20)),
      log: null,
      status: /answers: \d+ of the \d+ answers .* are errors: .*500/,
    }),
  },
];

/** An application that cannot be loaded, and what has to be said of it. */
export const BROKEN: readonly (readonly [code: string, named: RegExp])[] = [
  ['throw new Error("DATABASE_URL is not set");\n', /DATABASE_URL is not set/],
  ["import './no-such-file.mjs';\n", /no-such-file/],
  ['export const app = (;\n', /SyntaxError|syntax|Unexpected token|parse/i],
  ['process.exit(7);\n', /process\.exit\(\)/],
  ['process.kill(process.pid, "SIGSEGV"); await new Promise((done) => setTimeout(done, 9000));\n', /SIGSEGV/],
  ['await new Promise(() => {});\n', /await/],
  [
    'Promise.reject(new Error("no queue")); setTimeout(() => {}, 9000); export const app = () => {};\n',
    /no queue/,
  ],
  [
    'setTimeout(() => { throw new Error("no cache"); }, 50); await new Promise((done) => setTimeout(done, 900));\n',
    /no cache/,
  ],
  ['throw "just a text";\n', /just a text/],
  ['throw undefined;\n', /undefined/],
];

const ENDINGS: readonly (readonly [code: string, named: RegExp])[] = [
  ["throw new Error('the cache is gone');", /the cache is gone/],
  ['process.exit(3);', /process\.exit\(\)/],
  ["Promise.reject(new Error('the lease is lost'));", /the lease is lost/],
  ["process.kill(process.pid, 'SIGSEGV');", /SIGSEGV/],
  ['process.abort();', /SIGABRT/],
  ["require('node:net').connect(1).unref();", /ECONNREFUSED/],
  ['throw null;', /null/],
];
