// Copy this file to tsunicorn.config.ts and take the slashes away from what you change. Each line shows its default;
// a setting that stays commented out can still be given by the environment (PORT, WEB_CONCURRENCY, TSUNICORN_…).
// docs/settings.md has the details.
import { defineConfig } from 'tsunicorn';

export default defineConfig({
  // ── Application ──
  // The application, as module:export; required here or on the command line.
  // app: null,
  // The path under which a proxy serves it, such as '/shop'.
  // rootPath: '',
  // ── Binding ──
  // host:port, [v6]:port, unix:path or fd://N; one or an array. 0.0.0.0:$PORT where PORT is set. Sockets that systemd
  // passes come first (docs/systemd.md).
  // bind: '127.0.0.1:8000',
  // Connections that the kernel queues until a worker accepts them.
  // backlog: 2048,
  // ── Workers ──
  // How many processes serve; 'auto' is one for each processor.
  // workers: 1,
  // The fewest and the most, where their number is to follow the load; null leaves it as it is.
  // workersMin: null,
  // workersMax: null,
  // How many more are loaded and stand by, to take over at once from one that dies.
  // spareWorkers: 0,
  // How a worker serves.
  // workerClass: 'async',
  // Workers that are replaced at a time, when the service reloads or recycles them.
  // reloadBatch: 1,
  // Connections that a worker holds at most.
  // workerConnections: 1000,
  // Threads of each worker that run the application, where the class is 'thread'; null is one for each processor.
  // threads: null,
  // What the objects of one thread may take, such as '256M'.
  // threadMaxMemory: null,
  // How large a worker's JavaScript heap may grow: 'auto', or a size such as '512M'; null is Node's own limit.
  // workerHeap: null,
  // Requests of a worker that wait for a thread at most.
  // threadQueue: 512,
  // ── Timeouts, in seconds ──
  // The silence of an event loop after which its worker is replaced; 0 is no limit.
  // timeout: 30,
  // The time that a request may take altogether, before its client gets a 504; 0 is no limit.
  // requestTimeout: 0,
  // The time that an event loop may be blocked before the log says so; nothing is ended for it; 0 says nothing.
  // stallWarning: 1,
  // The time that a request may wait for its answer, with nothing sent or received, before the log says so; 0 says nothing.
  // requestWarning: 30,
  // Whether a thread in each worker explains a blocked event loop: stack, requests, 503 for those who wait.
  // watchdog: true,
  // The time that the service goes on accepting after TERM, for load balancers to look elsewhere.
  // drainDelay: 0,
  // The time a retiring worker has for its last requests.
  // gracefulTimeout: 30,
  // The time a worker has to load the application; 0 is no limit.
  // bootTimeout: 60,
  // A path, such as '/healthz', that must answer 2xx before a worker counts as ready.
  // readyPath: null,
  // The time an idle connection is kept; longer than the load balancer's own limit. 0 keeps none.
  // keepAlive: 75,
  // ── Recycling: a worker that reaches one of these is replaced ──
  // Requests; 0 is no limit.
  // maxRequests: 0,
  // What chance adds to them, at most; null is a tenth.
  // maxRequestsJitter: null,
  // Seconds; 0 is no limit.
  // maxLifetime: 0,
  // What chance adds to them, at most; null is a tenth.
  // maxLifetimeJitter: null,
  // The memory of its process, such as '512M', or '80%' of the container's for all workers together.
  // maxMemory: null,
  // Its used JavaScript heap, such as '400M'.
  // maxHeap: null,
  // ── Process ──
  // The directory that the application, the logs, the sockets and the pid file are relative to.
  // chdir: '.',
  // Variables to set, over what is in the environment.
  // env: {},
  // Files of variables, which do not replace what is in the environment.
  // envFile: [],
  // Whether the command detaches from the terminal and returns once the service is ready.
  // daemon: false,
  // A file for the arbiter's process id.
  // pid: null,
  // The name that ps shows.
  // name: null,
  // Whom the workers become, where root starts tsunicorn: names or numbers; null is root itself.
  // user: null,
  // The group; null is the user's own.
  // group: null,
  // Whether the workers get all groups of the user.
  // initgroups: false,
  // The permission bits that new files and sockets do not get, such as 0o022; null inherits them.
  // umask: null,
  // ── Logging ──
  // 'debug', 'info', 'warning', 'error' or 'critical'.
  // logLevel: 'info',
  // 'text' for people, 'json' for machines.
  // logFormat: 'text',
  // The server's own messages; '-' is the standard error.
  // errorLogfile: '-',
  // One line a request; '-' is the standard output, null is none.
  // accessLogfile: null,
  // Atoms such as %(h)s, or the word 'combined' or 'json'.
  // accessLogformat: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
  // Whether all of it goes to syslog too.
  // syslog: false,
  // The syslog receiver: udp://host:port or tcp://host:port.
  // syslogTo: 'udp://localhost:514',
  // What is put behind 'tsunicorn.' in the name that the records carry.
  // syslogPrefix: null,
  // Their facility, such as 'daemon' or 'local0'.
  // syslogFacility: 'user',
  // ── Development ──
  // Reload when a file changes that the application has loaded.
  // reload: false,
  // Files, directories and globs to watch besides, such as 'templates/**/*.html'.
  // reloadExtraFile: [],
  // Answer a request that fails with the error and the source line. It shows the source code: never in production.
  // debug: false,
  // ── Hooks ──
  // Functions that the arbiter or the workers call. One that throws is logged and otherwise without effect.
  // whenReady(arbiter) {
  //   arbiter.log.info(`serving with ${arbiter.workers} workers`);
  // },
});
