import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { get, pidsThatAnswer, refused } from '../support/client.ts';
import { freePort } from '../support/free-port.ts';
import { startLoad } from '../support/load.ts';
import { type Running, serve, temporaryDirectory } from '../support/tsunicorn.ts';

const at = (port: number) => `http://127.0.0.1:${port}`;

/** A server beside the one that is served, which answers with its pid, at once or after a while. */
const side = (port: number | string, more = '') => `
  const side = require('node:http').createServer((req, res) =>
    setTimeout(() => res.end(String(process.pid)), req.url === '/slow' ? 700 : 0));
  side.listen(${port}${more});
`;
const PROGRAM = "require('node:http').createServer((req, res) => res.end('main')).listen(process.env.PORT);";
const EXPORTED = "exports.app = (req, res) => res.end('main');";

const FORMS = [
  ['a program', 'server.cjs', PROGRAM],
  ['an exported application', 'server.cjs:app', EXPORTED],
] as const;

function serveBeside(app: string, text: string, ...args: readonly string[]) {
  return serve([app, '-w', '2', '--log-level', 'debug', ...args], { files: { 'server.cjs': text } });
}

/** Resolves when workers have got ready `times` times. */
async function ready(running: Running, times: number): Promise<void> {
  await running.waitForLog(new RegExp(`(Worker is ready[\\s\\S]*){${times}}`));
}

describe.each(FORMS)('a second server of %s', (_what, app, text) => {
  it.each(['async', 'sync'])('listens in every worker, in class %s', async (workerClass) => {
    const port = freePort();
    const running = await serveBeside(app, text + side(port), '-k', workerClass);
    expect((await pidsThatAnswer(at(port), 2)).size).toBe(2);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/ERROR|WARNING/);
  });

  it('refuses and loses nothing over reloads', async () => {
    const port = freePort();
    const running = await serveBeside(app, text + side(port));
    await ready(running, 2);
    const load = startLoad({ url: at(port) }, 4);
    for (let generation = 2; generation <= 4; generation++) {
      running.signal('SIGHUP');
      await running.waitForLog(new RegExp(`Generation ${generation} is ready`));
      await ready(running, generation * 2);
    }
    const result = await load.stop();
    expect(result).toMatchObject({ refused: 0, failures: [] });
    expect(result.answered).toBeGreaterThan(20);
  });

  it('closes WebSockets with 1001 and ends event streams when its worker retires', async () => {
    const port = freePort();
    const streams = `
      side.on('upgrade', (req, socket) => socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n', () =>
        socket.on('data', () => socket.end())));
      side.prependListener('request', (req, res) => {
        if (req.url === '/events') res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\\n\\n');
      });`;
    const beside = side(port).replace('setTimeout', "req.url === '/events' || setTimeout");
    const running = await serveBeside(app, text + beside + streams, '-w', '1', '--graceful-timeout', '60');
    const webSocket = http.get(at(port), { headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    const [, socket, head] = await once(webSocket, 'upgrade');
    const events = await fetch(`${at(port)}/events`);
    running.signal('SIGTERM');
    const frame = head.length > 0 ? head : (await once(socket, 'data'))[0];
    expect(frame).toEqual(Buffer.from([0x88, 0x02, 0x03, 0xe9]));
    socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
    expect(await events.text()).toBe('data: 1\n\n');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    expect(running.stderr).not.toMatch(/cut/);
  });

  it('answers what it has accepted when its worker retires', async () => {
    const port = freePort();
    const running = await serveBeside(app, text + side(port), '-w', '1');
    const slow = get(at(port), '/slow');
    await get(at(port));
    running.signal('SIGTERM');
    expect((await slow).status).toBe(200);
    expect(await running.end()).toEqual({ status: 0, signal: null });
  });

  it('is closed once no generation that lives wants it', async () => {
    const port = freePort();
    const running = await serveBeside(app, text + side(port));
    await ready(running, 2);
    writeFileSync(join(running.cwd, 'server.cjs'), text);
    running.signal('SIGHUP');
    await ready(running, 4);
    await running.waitFor(() => running.workers().length === 2, 'the old workers to end');
    await refused(at(port));
  });
});

describe('a second server', () => {
  it('that listens late is shared all the same', async () => {
    const port = freePort();
    const running = await serveBeside(
      'server.cjs',
      `${PROGRAM} setTimeout(() => { ${side(port)} side.on('listening', () => console.log('listens')); }, 300 + Math.random() * 300);`,
    );
    await ready(running, 2);
    await running.waitFor(() => running.stdout.match(/listens/g)?.length === 2, 'both to listen');
    expect((await pidsThatAnswer(at(port), 2)).size).toBe(2);
  });

  it('keeps its queue while every worker is dead', async () => {
    const port = freePort();
    const running = await serveBeside('server.cjs', PROGRAM + side(port));
    await ready(running, 2);
    await get(at(port));
    const load = startLoad({ url: at(port) }, 4);
    for (const pid of running.workers()) process.kill(pid, 'SIGKILL');
    await ready(running, 4);
    expect((await load.stop()).refused).toBe(0);
  });

  it('may be on each address of localhost', async () => {
    const port = freePort();
    const both = ['127.0.0.1', '::1'].map((host) => `{ ${side(port, `, '${host}'`)} }`).join('\n');
    const running = await serveBeside('server.cjs', PROGRAM + both);
    await ready(running, 2);
    expect((await pidsThatAnswer(at(port), 2)).size).toBe(2);
    expect((await pidsThatAnswer(`http://[::1]:${port}`, 2)).size).toBe(2);
  });

  it('of node:net is shared, and of a port of its own is not', async () => {
    const port = freePort();
    const text = `${PROGRAM}
      const own = require('node:http').createServer((req, res) => res.end(String(process.pid))).listen(0, '127.0.0.1');
      require('node:net').createServer((socket) => socket.end('HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n' + own.address().port)).listen(${port});`;
    const running = await serveBeside('server.cjs', text);
    await ready(running, 2);
    const ports = [...(await pidsThatAnswer(at(port), 2))];
    const pids = await Promise.all(ports.map(async (own) => (await get(at(own))).body));
    expect(new Set(pids).size).toBe(2);
  });

  it('may be on a path, whose file the program removes before', async () => {
    const text = `${PROGRAM} require('node:fs').rmSync('side.sock', { force: true });${side("'side.sock'")}
      side.on('listening', () => console.log(side.address()));`;
    const running = await serveBeside('server.cjs', text);
    await ready(running, 2);
    const path = `unix:${join(running.cwd, 'side.sock')}`;
    expect((await get(path)).status).toBe(200);
    running.signal('SIGHUP');
    await ready(running, 4);
    await running.waitFor(() => running.workers().length === 2, 'the old workers to end');
    expect(running.workers()).toContain(Number((await get(path)).body));
    expect(running.stdout).toBe('side.sock\n'.repeat(4));
  });

  it('may be on a path, whose file was left by a service before', async () => {
    const text = `${PROGRAM}${side("'side.sock'")}`;
    const cwd = temporaryDirectory({ 'server.cjs': text });
    for (let starts = 0; starts < 2; starts++) {
      const running = await serve(['server.cjs', '-w', '2', '--log-level', 'debug'], { cwd });
      await ready(running, 2);
      expect((await get(`unix:${join(cwd, 'side.sock')}`)).status).toBe(200);
      running.signal('SIGTERM');
      expect(await running.end()).toEqual({ status: 0, signal: null });
      expect(running.stderr).not.toMatch(/ERROR|WARNING/);
    }
  });

  it('that the program closes is refused once all workers have closed theirs', async () => {
    const port = freePort();
    const running = await serveBeside(
      'server.cjs',
      `${PROGRAM}${side(port)} side.on('listening', () => setTimeout(() => side.close(), 500));`,
    );
    await ready(running, 2);
    await refused(at(port));
  });

  it('goes over to a new arbiter', async () => {
    const port = freePort();
    const running = await serveBeside('server.cjs', PROGRAM + side(port));
    await ready(running, 2);
    const load = startLoad({ url: at(port) }, 2);
    running.signal('SIGUSR2');
    const [, pid] = await running.waitForLog(/The new arbiter \(pid: (\d+)\) serves together/);
    running.signal('SIGTERM');
    await running.waitForLog(/the upgrade is complete/);
    expect(await load.stop()).toMatchObject({ refused: 0, failures: [] });
    process.kill(Number(pid), 'SIGTERM');
  });

  it('that is idle is told to close its kept connections', async () => {
    const port = freePort();
    const running = await serveBeside('server.cjs', PROGRAM + side(port), '-w', '1');
    const agent = new http.Agent({ keepAlive: true });
    await get(at(port), '/', agent);
    running.signal('SIGTERM');
    expect(await running.end()).toEqual({ status: 0, signal: null });
    agent.destroy();
  });
});
