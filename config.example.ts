// Copy this file to tsunicorn.config.ts and uncomment what you change. Each line shows its default. A setting that
// stays commented out can still come from the environment (PORT, WEB_CONCURRENCY, TSUNICORN_…).
// docs/settings.md has the details.
import { defineConfig } from 'tsunicorn';

export default defineConfig({
  // ── Application ──
  // The application, as module:export, or a command such as 'npm start'; required here or on the command line.
  // app: null,
  // More applications by their paths, such as { '/api': 'api.ts:app' } (docs/mounts.md).
  // mount: {},
  // What the program finds in process.argv, as behind -- on the command line (docs/programs.md).
  // programArguments: [],
  // The path under which a proxy serves it, such as '/shop'.
  // rootPath: '',
  // ── Binding ──
  // host:port, [v6]:port, unix:path or fd://N; one or an array. 0.0.0.0:$PORT where PORT is set. Sockets that systemd
  // passes take precedence (docs/systemd.md).
  // bind: '127.0.0.1:8000',
  // The port by which a program asks for the server that is to be served, where it has several (docs/programs.md).
  // listenPort: null,
  // HTTP/2 without TLS, for clients that begin with it (docs/http2.md).
  // http2Cleartext: false,
  // Connections that the kernel queues until a worker accepts them.
  // backlog: 2048,
  // ── Proxies (docs/proxies.md) ──
  // The peers that are believed what they say of where a request came from: addresses, networks, 'private', 'unix', '*'.
  // forwardedAllowIps: ['127.0.0.1', '::1'],
  // The headers of theirs that are believed: those that your proxy sets.
  // forwarderHeaders: ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'Forwarded'],
  // The headers of theirs that say the scheme, with the values that mean https.
  // secureSchemeHeaders: { 'X-Forwarded-Protocol': 'ssl', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Ssl': 'on' },
  // Whether connections begin with a header of the PROXY protocol: 'off', 'v1', 'v2' or 'auto'; and from which peers.
  // proxyProtocol: 'off',
  // proxyAllowFrom: ['127.0.0.1', '::1'],
  // 'http', or 'uwsgi' behind uwsgi_pass of nginx; and the peers that may speak it.
  // protocol: 'http',
  // uwsgiAllowFrom: ['127.0.0.1', '::1'],
  // ── TLS (docs/tls.md) ──
  // The files of certificates (PEM, with their chains) and of their keys; one or an array, in the same order.
  // certfile: [],
  // keyfile: [],
  // The files of OCSP responses (DER), one for each certificate.
  // ocspFile: [],
  // The authorities (PEM) whose certificates are accepted from clients, and the list of those that they have revoked.
  // caCerts: null,
  // crl: null,
  // Whether clients show a certificate: 'none', 'optional', 'required'.
  // certReqs: 'none',
  // Cipher suites as OpenSSL names them; null are those with ECDHE of Mozilla's intermediate list.
  // ciphers: null,
  // The oldest version of TLS: '1.2' or '1.3'.
  // tlsMin: '1.2',
  // What ALPN offers, the preferred protocol first.
  // httpProtocols: ['http/1.1'],
  // How long a handshake may take, in seconds.
  // handshakeTimeout: 10,
  // Strict-Transport-Security of each answer over TLS: seconds, or '31536000; includeSubDomains'.
  // hsts: null,
  // ── Static files ──
  // Directories whose files are served before the application, by their paths: { '/assets': 'public' } (docs/static.md).
  // static: {},
  // Whether the application answers what is no file there.
  // staticFallthrough: false,
  // For how many seconds clients may keep a file without a fingerprint in its name.
  // staticMaxAge: 0,
  // Directories in which the application may name files to send, by X-Sendfile.
  // sendfileRoot: [],
  // The same for X-Accel-Redirect, by paths: { '/internal': 'private' }.
  // accelRedirect: {},
  // ── Workers ──
  // The number of worker processes; 'auto' is one for each processor.
  // workers: 1,
  // The smallest and the largest number, to let it follow the load; null keeps it fixed.
  // workersMin: null,
  // workersMax: null,
  // Additional workers that load the application and stand by, to replace at once one that dies.
  // spareWorkers: 0,
  // How a worker serves: 'async', 'sync' or 'thread' (docs/worker-classes.md).
  // workerClass: 'async',
  // How many workers are replaced at a time, in a reload and in recycling.
  // reloadBatch: 1,
  // The most connections that a worker holds at a time.
  // workerConnections: 1000,
  // Threads of each worker that run the application in class 'thread'; null is one for each processor.
  // threads: null,
  // The memory that the JavaScript objects of one thread may use, such as '256M'; null is Node's own limit.
  // threadMaxMemory: null,
  // The limit of a worker's JavaScript heap: 'auto', or a size such as '512M'; null is Node's own limit.
  // workerHeap: null,
  // The most requests of a worker that wait for a thread.
  // threadQueue: 512,
  // ── Companions ──
  // Processes beside the workers, such as { jobs: { run: 'jobs.ts', count: 2 } } (docs/companions.md).
  // companions: {},
  // ── Timeouts, in seconds ──
  // How long an event loop may be silent before its worker is replaced; 0 is no limit.
  // timeout: 30,
  // How long a request may take in total before its client gets a 504; 0 is no limit.
  // requestTimeout: 0,
  // How long a request may have waited before the application gets it, by X-Request-Start; 0 is no limit.
  // queueTimeout: 0,
  // How long an event loop may be blocked before the log reports it; 0 switches it off.
  // stallWarning: 1,
  // How long a request may wait, with nothing sent or received, before the log reports it; 0 switches it off.
  // requestWarning: 30,
  // Whether a thread in each worker reports a blocked event loop, and answers waiting clients with 503.
  // watchdog: true,
  // How long the service keeps accepting after TERM, until load balancers have stopped sending connections.
  // drainDelay: 0,
  // How long a retiring worker may take to finish its requests.
  // gracefulTimeout: 30,
  // How long a worker may take to load the application; 0 is no limit.
  // bootTimeout: 60,
  // Whether a worker is ready only when the application has called process.send('ready').
  // waitReady: false,
  // A path, such as '/healthz', that must answer 2xx before a worker counts as ready.
  // readyPath: null,
  // How long an idle connection is kept; longer than the idle timeout of the load balancer. 0 keeps none.
  // keepAlive: 75,
  // ── Limits of requests: 0 is no limit ──
  // Bytes of the request line; a longer one gets 414.
  // limitRequestLine: 4094,
  // Header fields; more get 431.
  // limitRequestFields: 100,
  // Bytes of one header field; a longer one gets 431. 0 is the default.
  // limitRequestFieldSize: 8190,
  // Bytes of a body, such as '10M'; a larger one gets 413. null: none in class async, 64M in sync and thread.
  // limitRequestBody: null,
  // What a worker of class sync or thread keeps of bodies in files, all of them together.
  // bodyFiles: '2G',
  // Seconds until a header must have arrived; it gets 408 otherwise.
  // headerTimeout: 10,
  // Seconds for a body, to which each 500 bytes add one; it gets 408 otherwise.
  // bodyTimeout: 20,
  // Seconds in which the kernel may take nothing more of an answer; 0 is no limit.
  // writeTimeout: 300,
  // Header fields with underscores: 'drop' leaves them out of the gateway's environ, 'refuse' answers 400, 'dangerous' does neither.
  // headerMap: 'drop',
  // Whether TRACE and methods of other protocols get to the application.
  // permitUnconventionalHttpMethod: false,
  // ── Recycling: a worker that reaches one of these is replaced ──
  // Requests; 0 is no limit.
  // maxRequests: 0,
  // The most that is added to it, at random; null is a tenth.
  // maxRequestsJitter: null,
  // Seconds; 0 is no limit.
  // maxLifetime: 0,
  // The most that is added to it, at random; null is a tenth.
  // maxLifetimeJitter: null,
  // The memory of its process, such as '512M', or '80%' of the container's for all workers together.
  // maxMemory: null,
  // Its used JavaScript heap, such as '400M'.
  // maxHeap: null,
  // ── Process ──
  // The directory that the application, the logs, the sockets and the pid file are relative to.
  // chdir: '.',
  // Environment variables to set, replacing existing ones.
  // env: {},
  // Files of environment variables, which do not replace existing ones.
  // envFile: [],
  // Whether to run in the background; the command returns once the service is ready.
  // daemon: false,
  // A file for the arbiter's process id.
  // pid: null,
  // A name that ps shows in brackets after 'tsunicorn: worker'.
  // name: null,
  // The user that the workers run as if root starts tsunicorn, by name or number; null is root itself.
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
  // One line for each request; '-' is the standard output, null is none.
  // accessLogfile: null,
  // Atoms such as %(h)s, or the word 'combined' or 'json'.
  // accessLogformat: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
  // Whether both logs also go to syslog.
  // syslog: false,
  // The syslog receiver: udp://host:port or tcp://host:port.
  // syslogTo: 'udp://localhost:514',
  // A suffix for the application name in syslog records: 'shop' makes it 'tsunicorn.shop'.
  // syslogPrefix: null,
  // The facility of syslog records, such as 'daemon' or 'local0'.
  // syslogFacility: 'user',
  // ── Health and metrics ──
  // Where tsunicornctl reaches the arbiter: a path, 'none', or 'auto' for /run or the session's directory.
  controlSocket: 'auto',
  // Where the arbiter itself answers /livez, /readyz, /metrics and /status.json, such as '127.0.0.1:9000'.
  // adminBind: null,
  // What a client must send to see more than the first three; better set by TSUNICORN_ADMIN_TOKEN.
  // adminToken: null,
  // How many workers must accept for /readyz to answer 200.
  // The header by which each answer names its request, such as 'X-Request-Id' (docs/request-ids.md).
  // requestIdHeader: null,
  // Whether /metrics has what the application registers with its own prom-client.
  // collectPromClient: false,
  // An OpenTelemetry receiver that gets figures by OTLP over HTTP: 'http://127.0.0.1:4318', or 'env'.
  // otlpEndpoint: null,
  // An OpenTelemetry receiver that gets a span of each request (docs/tracing.md), and how many begin a trace, from 0 to 1.
  // otlpTraces: null,
  otlpTracesRatio: 1,
  // A statsd that gets figures over UDP: 'host:8125'; what stands before each name, and the tags of Datadog behind it.
  // statsdHost: null,
  // statsdPrefix: null,
  // dogstatsdTags: null,
  // readyQuorum: 1,
  // ── Development ──
  // Reload when a file that the application has loaded changes.
  // reload: false,
  // Further files, directories and globs to watch, such as 'templates/**/*.html'.
  // reloadExtraFile: [],
  // Answer a failed request with the error and the source line. It shows the source code: never in production.
  // debug: false,
  // ── Hooks ──
  // Functions that the arbiter or the workers call. If one throws, that is logged and has no other effect.
  // whenReady(arbiter) {
  //   arbiter.log.info(`serving with ${arbiter.workers} workers`);
  // },
});
