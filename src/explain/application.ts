import type { Explained } from './explained.ts';

/** Loading the application, and its start in a worker. */
export const application: readonly Explained[] = [
  {
    code: 'TSU0501',
    title: 'No application was named',
    pattern: /^(init \S+: )?no application (was named|given)/,
    means: 'Neither the command line nor the configuration file says what to serve.',
    cure: 'Write `tsunicorn app.js`, or `app: "app.js"` in `tsunicorn.config.ts`. The message proposes what is there.',
  },
  {
    code: 'TSU0502',
    title: 'There is no such module',
    pattern: /there is no module '|has no such entry: /,
    means:
      'The part before the colon is neither a file, with or without its ending, nor a package that can be found from the working directory.',
    cure: 'Correct the path: it is relative to `--chdir`. A TypeScript build has to run before the start: is `dist/` there?',
  },
  {
    code: 'TSU0503',
    title: 'The module does not export that',
    pattern:
      /(?<!has no profile .*); it (has|exports nothing|is )|exports nothing|is not the name of an export|name the factory|are not literals|is not a factory|has no request listener/,
    means:
      'The module was loaded, but there is nothing to serve under the name behind the colon, or as its default export.',
    cure: 'The message lists what there is. Export the application without calling `listen()`, or serve the file as a [program](../programs.md).',
  },
  {
    code: 'TSU0504',
    title: 'What is exported is no application',
    pattern:
      /: it is .*(expected a function \(req, res\)|not an instance of it)|of (h3 v1|Next\.js|a build of React Router) export|Sails is not supported|may be the application/,
    means: 'The export is none of the shapes that can be served.',
    cure: '[Applications](../applications.md) shows what to export, framework by framework. `fetch(app)`, `node(app)` and `wsgi(app)` say which shape it is.',
  },
  {
    code: 'TSU0505',
    title: 'The application calls listen() itself',
    pattern: /calls listen\(\) itself|already listens|binds that port of UDP/,
    means:
      'The arbiter holds the socket and the workers accept from it, but the module opened one of its own while it was loaded.',
    cure: 'Export the application without that call, or name the file alone (`tsunicorn server.js`), so that it is served as a [program](../programs.md).',
  },
  {
    code: 'TSU0506',
    title: 'A module that is imported cannot be found',
    pattern:
      /imported by .*(cannot be found|is an alias of)|Cannot find (package|module)|Node's options name it/,
    means:
      'An `import` of the application leads nowhere: a dependency is not installed, a path is wrong, or it is an alias that only a bundler knows.',
    cure: 'Run `npm ci` where the application is deployed. Write the ending of relative paths. For aliases use `imports` of package.json, or a loader.',
  },
  {
    code: 'TSU0507',
    title: 'Node cannot run the syntax',
    pattern:
      /has a syntax error|cannot run the TypeScript|has a decorator|Node cannot load |the application failed .*: (Unexpected |Invalid or unexpected |Missing initializer|Identifier '.*' has already)/,
    means:
      'The parser refused a file. Node strips types, and does not compile enums, namespaces, decorators or JSX.',
    cure: '`node --check FILE` shows the line. For TypeScript that needs a compiler, serve the build, or add a loader: see [TypeScript](../typescript.md).',
  },
  {
    code: 'TSU0508',
    title: 'The application threw while it was loaded',
    pattern:
      /threw while it was loaded|the application failed |did not become ready|(?<!: it) (threw|rejected): /,
    means:
      'Code of the application threw, often since a variable, a file or a database is missing. The stack is in the log.',
    cure: '`tsunicorn --check-config` repeats the load without serving. Compare the environment: `tsunicorn --print-config`.',
  },
  {
    code: 'TSU0509',
    title: 'The application cannot be read by the user of the workers',
    pattern: /cannot be read \(EACCES\)/,
    means: 'The workers run as another user (`--user`), who may not read a file of the application.',
    cure: 'Change its mode, or the user. `sudo -u USER cat FILE` tries it.',
  },
  {
    code: 'TSU0510',
    title: 'The worker class cannot serve it',
    pattern: /cannot be served in class|cannot be mounted|has no HTTP server of its own/,
    means:
      'The class `sync` or `thread`, or a mount, cannot serve a server with TLS, HTTP/2, or another protocol.',
    cure: 'Use `-k async`, and no mount. [Worker classes](../worker-classes.md) compares them.',
  },
  {
    code: 'TSU0601',
    title: 'The worker was not ready in time',
    pattern:
      /\(--boot-timeout\)|up to the end of the --boot-timeout|did not send|process\.send\('ready'\)|--wait-ready/,
    means:
      'Within `--boot-timeout` the import or the factory had not finished, no server listened, or the ready path did not answer 2xx.',
    cure: 'Look for what it waits for: a database, a lock, an `await` without a limit. Raise `--boot-timeout` if the start is slow by design.',
  },
  {
    code: 'TSU0602',
    title: 'The process ended before it was ready',
    pattern:
      /before it was ready|never finishes loading|has nothing left to do|its process (exited|was ended)|ended while it loaded|no process could be started/,
    means: 'The worker, or the program in it, exited or had nothing more to do while it was to start.',
    cure: 'Look for `process.exit()` in the start, or a top-level `await` of something that never comes. Status 137 and SIGKILL: the kernel had no memory.',
  },
  {
    code: 'TSU0603',
    title: 'Memory ran out while the application was loaded',
    pattern: /ran out of memory while it loaded/,
    means: 'The heap of a thread reached `--thread-max-memory` during the load.',
    cure: 'Raise it. [Recycling](../reload-and-recycling.md#recycling) explains the limits.',
  },
  {
    code: 'TSU0604',
    title: 'The worker was killed before it served',
    pattern: /was killed while it (stood by|opened its sockets)/,
    means: 'Its event loop was silent for `--timeout` after the load and before the first request.',
    cure: 'Look for code that computes at start without a pause: see [hangs](../hangs.md).',
  },
  {
    code: 'TSU0605',
    title: 'The ready path does not fit what is served',
    pattern: /--ready-path .*does not speak HTTP/,
    means: 'The program speaks another protocol than HTTP, so that no path can be asked.',
    cure: 'Leave `--ready-path` away, or use `--wait-ready`.',
  },
];
