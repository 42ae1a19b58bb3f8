import http from 'node:http';
import { describe, expect } from 'vitest';
import { addressOf, startLoad } from '../support/load.ts';
import { startNginx } from '../support/nginx.ts';
import { withPackage, withTool } from '../support/tools.ts';
import { app, type Running, start, temporaryDirectory } from '../support/tsunicorn.ts';

const it = withPackage('socket.io', withTool('nginx'));
const CLIENTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('Socket.IO by polling, behind nginx that hashes a cookie over the sockets of two slots', () => {
  it('keeps each session in its slot, and every slot has some', async () => {
    const front = await startFront(await serveChat());
    const met = await Promise.all(CLIENTS.map((client) => talk(front, client, 5)));
    for (const { places, failures } of met) {
      expect(failures).toEqual([]);
      expect(places).toHaveLength(5);
      expect(new Set(places).size).toBe(1);
    }
    expect(new Set(met.flatMap(({ places }) => places.map((place) => place[0])))).toEqual(
      new Set(['0', '1']),
    );
  });

  it('fails no request in a HUP under load: sessions begin again where their worker has gone', async () => {
    const running = await serveChat();
    const front = await startFront(running);
    const old = await running.waitForWorkers(2);
    const load = startLoad({ url: front }, 8);
    const stop = new AbortController();
    const talks = CLIENTS.map(async (client) => {
      const before = (await talk(front, client, 3)).places;
      const failures: string[] = [];
      let restarts = 0;
      while (!stop.signal.aborted) {
        const talked = await talk(front, client, 3);
        failures.push(...talked.failures);
        restarts += talked.isUnknown ? 1 : 0;
      }
      const after = await talk(front, client, 3);
      return { before, after, failures, restarts };
    });
    await running.waitFor(() => load.answered() > 100, 'some answers');
    running.signal('SIGHUP');
    await running.waitFor(() => old.every((pid) => !running.workers().includes(pid)), 'the next generation');
    stop.abort();
    for (const { before, after, failures } of await Promise.all(talks)) {
      expect(failures).toEqual([]);
      expect(after).toMatchObject({ failures: [], isUnknown: false });
      expect(new Set(after.places.map((place) => place[0]))).toEqual(new Set([before[0]?.[0]]));
    }
    expect(await load.stop()).toMatchObject({ failures: [], refused: 0 });
  });
});

async function serveChat(): Promise<Running> {
  const args = [app('chat.mjs:app'), '-w', '2', '-b', 'unix:{slot}.sock', '--chdir', temporaryDirectory()];
  const running = start([...args, '--log-level', 'debug']);
  await running.waitForLog(/(Worker is ready[\s\S]*){2}/);
  return running;
}

interface Talk {
  /** What the worker has said of itself: its slot and its pid. */
  readonly places: readonly string[];
  /** The answers that were neither 200 nor that the session is unknown. */
  readonly failures: readonly string[];
  /** Whether the session was in the memory of another worker. */
  readonly isUnknown: boolean;
}

/** One session of Engine.IO 4, in which the client asks `times` times where it is, each poll over a new connection. */
async function talk(front: string, client: string, times: number): Promise<Talk> {
  const places: string[] = [];
  try {
    const { sid } = JSON.parse((await poll(front, client, '')).slice(1)) as { sid: string };
    const post = (packet: string) => poll(front, client, `&sid=${sid}`, packet);
    await post('40');
    for (let id = 0; places.length < times; ) {
      await post(`42${id}["where"]`);
      id++;
      for (let has = places.length; has === places.length; ) {
        const packets = (await poll(front, client, `&sid=${sid}`)).split('\x1e');
        for (const packet of packets) {
          if (packet === '2') await post('3');
          const [, place] = /^43\d+\["(.*)"\]$/.exec(packet) ?? [];
          if (place !== undefined) places.push(place);
        }
      }
    }
    return { places, failures: [], isUnknown: false };
  } catch (error) {
    const { message } = error as Error;
    const isUnknown = message.startsWith('400 ') && message.includes('Session ID unknown');
    return { places, failures: isUnknown ? [] : [message], isUnknown };
  }
}

/** A poll, or with `packet` a POST; rejects with what was answered where that is not 200. */
function poll(front: string, client: string, query: string, packet?: string): Promise<string> {
  const path = `/socket.io/?EIO=4&transport=polling${query}`;
  const method = packet === undefined ? 'GET' : 'POST';
  const headers = { cookie: `client=${client}`, 'content-type': 'text/plain' };
  return new Promise((resolve, reject) => {
    const sent = http.request({ ...addressOf(front), path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => (body += text));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${response.statusCode} ${body}`));
      });
    });
    sent.on('error', reject);
    sent.end(packet);
  });
}

/** The address of an nginx over the sockets of both slots. */
async function startFront(running: Running): Promise<string> {
  const sockets = (await running.waitForLog(/Listening at: (.*) \(\d+\)/))[1]?.split(', ') ?? [];
  return startNginx((directory) => configuration(directory, sockets));
}

function configuration(directory: string, sockets: readonly string[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  upstream chat {
    hash $cookie_client consistent;
    ${sockets.map((socket) => `server ${socket} max_fails=0;`).join('\n    ')}
  }
  server {
    listen unix:${directory}/front.sock;
    location / {
      proxy_pass http://chat;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`;
}
