// Runs every command of docs/tutorial.md, in order, in an empty folder: node .ci/tutorial.ts TARBALL REPORT.
// What a test machine lacks has a stand-in: systemctl runs what the unit says, as systemd-analyze has verified it, and
// /etc is a folder of the test. nginx is the real one. Ports are free ones.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blocksOf } from '../scripts/blocks.ts';

const [tarball = '', report = ''] = process.argv.slice(2).map((path) => resolve(path));
const page = 'docs/tutorial.md';
const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
const work = mkdtempSync(join(tmpdir(), 'tutorial-'));
chmodSync(work, 0o755);
const stubs = join(work, 'bin');
const running = new Set<ChildProcess>();
const [appPort, frontPort] = [await freePort(), await freePort()];
let cwd = work;
let foreground: ChildProcess | null = null;
let commands = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function writeStubs(): void {
  mkdirSync(stubs, { recursive: true });
  for (const folder of ['etc/systemd/system', 'etc/nginx/conf.d', 'run'])
    mkdirSync(join(work, folder), { recursive: true });
  const stub = (name: string, body: string) =>
    writeFileSync(join(stubs, name), `#!/usr/bin/env bash\nset -e\n${body}\n`, { mode: 0o755 });
  stub('sudo', 'exec "$@"');
  stub(
    'systemctl',
    `case "$1 $2" in
  'daemon-reload ') exit 0 ;;
  'enable --now') echo "$3" >"$WORK/start" ;;
  'reload nginx') echo nginx >"$WORK/start" ;;
  *) echo "no stand-in for systemctl $*" >&2; exit 1 ;;
esac`,
  );
  const nginx = spawnSync('sh', ['-c', 'command -v nginx'], { encoding: 'utf8' }).stdout.trim();
  stub('nginx', `exec ${nginx} -c "$WORK/nginx.conf" "$@"`);
  writeFileSync(
    join(work, 'nginx.conf'),
    `daemon off; pid ${work}/nginx.pid; error_log stderr; events {}\nhttp { access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${work}/${one};`).join(' ')}
      include ${work}/etc/nginx/conf.d/*.conf; }\n`,
  );
}

const environment = () => ({
  ...process.env,
  WORK: work,
  // This Node, which may not be that of the machine.
  PATH: `${stubs}:${dirname(process.execPath)}:${process.env.PATH}`,
  TSUNICORN_CONTROL_SOCKET: join(work, 'run/shop.sock'),
});

/** The command as this machine can run it. */
function adapted(command: string): string {
  return (
    command
      .replace('npm install tsunicorn', `npm install --no-audit --no-fund ${tarball}`)
      // What npx would run; npx itself takes a second each time.
      .replace('npx ', 'node_modules/.bin/')
      .replaceAll('127.0.0.1:8000', `127.0.0.1:${appPort}`)
      .replace('http://127.0.0.1/', `http://127.0.0.1:${frontPort}/`)
      .replaceAll('/etc/', `${work}/etc/`)
  );
}

async function run(command: string): Promise<string> {
  commands++;
  if (/^npx tsunicorn server\.js/.test(command)) {
    foreground = await serve([...adapted(command).split(' '), '-b', `127.0.0.1:${appPort}`], {});
    return '';
  }
  const directory = /^cd (.*)$/.exec(command)?.[1];
  if (directory !== undefined) {
    cwd = join(cwd, directory);
    return '';
  }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', adapted(command)], {
    cwd,
    env: environment(),
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${command}: status ${status}\n${stdout}${stderr}`);
  if (/init nginx/.test(command)) {
    mend('shop.nginx.conf', 'listen 80;', `listen 127.0.0.1:${frontPort};`);
    mend('shop.nginx.conf', '127.0.0.1:8000', `127.0.0.1:${appPort}`);
  }
  await afterSystemctl();
  return stdout + stderr;
}

function mend(file: string, from: string, to: string): void {
  const path = join(cwd, file);
  const before = readFileSync(path, 'utf8');
  if (!before.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(path, before.replaceAll(from, to));
}

/** Does what the stand-in of systemctl was asked for. */
async function afterSystemctl(): Promise<void> {
  const file = join(work, 'start');
  if (!existsSync(file)) return;
  const what = readFileSync(file, 'utf8').trim();
  rmSync(file);
  if (what === 'nginx') {
    const nginx = launch(['nginx'], {});
    await answers(frontPort, nginx);
    return;
  }
  await startUnit(what);
}

let log = '';

async function startUnit(name: string): Promise<void> {
  const path = join(work, 'etc/systemd/system', `${name}.service`);
  const verdict = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  if (verdict.stdout + verdict.stderr !== '') throw new Error(verdict.stdout + verdict.stderr);
  const unit = readFileSync(path, 'utf8');
  const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const [, directory = ''] = /^WorkingDirectory=(.*)$/m.exec(unit) ?? [];
  if (directory !== cwd) throw new Error(`WorkingDirectory=${directory}, expected ${cwd}`);
  const port = { TSUNICORN_BIND: `127.0.0.1:${appPort}` };
  await serve(command.split(' '), port);
}

function launch([file = '', ...args]: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(file, args, {
    cwd,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      log += piece;
    });
  return child;
}

async function serve(words: readonly string[], env: Record<string, string>): Promise<ChildProcess> {
  const from = log.length;
  const child = launch(words, env);
  await until(() => /Listening at/.test(log.slice(from)), `${words.join(' ')} to listen`);
  return child;
}

async function answers(port: number, of: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (of.exitCode !== null) throw new Error(`nginx ended: ${log}`);
    if (
      await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(100);
  }
  throw new Error(`nothing answers at ${port}: ${log}`);
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (isSo()) return;
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}: ${log}`);
}

async function endForeground(): Promise<void> {
  if (foreground === null) return;
  const [child, from] = [foreground, log.length];
  foreground = null;
  // As Ctrl-C does.
  child.kill('SIGINT');
  await until(() => /Shutting down/.test(log.slice(from)), 'the end of the first service');
}

/** What the page says that the answers are, in the order of its curl commands. */
const ANSWERS = ['version 1', 'version 1', 'version 1', 'version 2', 'version 2'];

async function tutorial(): Promise<void> {
  writeStubs();
  for (const { language, text: code, place } of blocksOf(page, text)) {
    if (language === 'sh') await runBlock(code, place);
    else writeFileSync(join(cwd, /^\/\/ (\S+)\n/.exec(code)?.[1] ?? ''), code);
  }
  if (ANSWERS.length > 0) throw new Error(`${page} has fewer curl commands than were expected`);
  // What was logged while commands ran is read only now.
  await until(() => /Reload undone[^\n]*\[TSU0507\]/.test(log), 'the code of the broken version');
}

async function runBlock(code: string, place: string): Promise<void> {
  if (/--check-config/.test(code)) await endForeground();
  for (const command of code.trim().split('\n')) {
    const output = await run(command);
    const wanted = command.startsWith('curl')
      ? ANSWERS.shift()
      : SAYS.find(([end]) => command.endsWith(end))?.[1];
    if (wanted !== undefined && !output.includes(wanted))
      throw new Error(`${place}: ${command}: expected ${wanted}, got ${output}`);
  }
}

/** What other commands say, by their ends. */
const SAYS = [
  ['--check-config', 'Configuration OK'],
  ["echo 'not deployed'", 'not deployed'],
  ['explain TSU0507', 'What to do'],
  ['tsunicornctl status', '2'],
  ['tsunicornctl events', 'reload-undone'],
] as const;

let failure: unknown = null;
try {
  await tutorial();
  console.log(`tutorial: ${commands} commands passed`);
} catch (error) {
  failure = error;
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const child of running) child.kill('SIGTERM');
  await sleep(500);
  for (const child of running) child.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
  const [passed, failed] = failure === null ? [1, 0] : [0, 1];
  if (report !== '')
    writeFileSync(
      report,
      JSON.stringify({
        numPassedTests: passed,
        numFailedTests: failed,
        numPendingTests: 0,
        numTodoTests: 0,
        success: failed === 0,
      }),
    );
}
