import type { Scenario } from '../scenario.ts';

/** Event loops that are held up. */
export const computing: readonly Scenario[] = [
  {
    title: 'A blocked event loop',
    cause: 'Code of the application computes without giving way, and its worker answers nobody meanwhile.',
    cure: 'The stack is the place. Move the work to class `thread` or to a queue; until then add workers.',
    alert: 'TsunicornStalls',
    shares: 'stays',
    make: (draw) => ({
      provoke: (stage) => stage.ask(`${draw.paths.compute}?ms=${draw.number(20_000, 8_000, 60_000)}`),
      log: new RegExp(`event loop .*blocked[^]*${draw.paths.compute}`),
      status: new RegExp(`blocked.*${draw.paths.compute}`),
    }),
  },
  {
    title: 'A regular expression that never ends',
    cause: 'A pattern with nested repetitions meets a text that almost matches.',
    cure: 'The stack ends at the line of the pattern: rewrite it, or bound the length of the text. More workers do not help, as each such request takes one.',
    alert: 'TsunicornStalls',
    shares: 'stays',
    make: (draw) => ({
      provoke: (stage) => stage.ask(`${draw.paths.search}?n=${draw.number(60, 40, 200)}`),
      log: new RegExp(`event loop .*blocked[^]*${draw.paths.search}`),
      status: new RegExp(`blocked.*${draw.paths.search}`),
    }),
  },
  {
    title: 'Blocks below the time limit',
    cause: 'Each block is too short to be ended by `--timeout`, but others wait for it.',
    cure: 'The log has the stack of each: `tsunicornctl profile SLOT` shows the sum of them.',
    alert: 'TsunicornStalls',
    make: (draw) => {
      const ms = draw.number(1500, 1200, 3500);
      return {
        args: ['-t', `${draw.number(30, 5, 40)}`],
        provoke: async (stage) => {
          for (let times = draw.number(3, 1, 6); times > 0; times--)
            stage.ask(`${draw.paths.compute}?ms=${ms}`);
        },
        log: new RegExp(`event loop .*blocked[^]*${draw.paths.compute}`),
        status: new RegExp(`blocked.*${draw.paths.compute}`),
      };
    },
  },
  {
    title: 'A request beyond the time limit',
    cause: 'A worker was blocked for longer than `--timeout`, and was ended for it.',
    cure: 'The log has the stack and the requests that were in flight. Raise `--timeout` only if that work must be done in a request.',
    alert: 'TsunicornStalls',
    make: (draw) => ({
      args: ['-t', `${draw.number(2, 1, 3)}`],
      provoke: (stage) => stage.ask(`${draw.paths.compute}?ms=${draw.number(20_000, 8_000, 60_000)}`),
      log: new RegExp(`${draw.paths.compute}`),
      status: new RegExp(`--timeout.*${draw.paths.compute}`),
    }),
  },
  {
    title: 'A stuck thread',
    cause: 'In class `thread` a thread computes without end; the others go on.',
    cure: 'The log has the stack of the thread. After `--timeout` the thread is ended, and its client gets 504.',
    make: (draw) => ({
      ...(draw.program === 'script' ? { program: 'listener' } : {}),
      workerClass: 'thread',
      args: ['--threads', `${draw.number(2, 1, 4)}`],
      provoke: (stage) => stage.ask(`${draw.paths.compute}?ms=${draw.number(20_000, 8_000, 60_000)}`),
      log: new RegExp(`thread .*blocked[^]*${draw.paths.compute}`, 'i'),
      status: new RegExp(`thread .*blocked.*${draw.paths.compute}`, 'i'),
    }),
  },
];
