import { listOf, nullable } from '../compound-kinds.ts';
import { boolean, integer, text } from '../kinds.ts';
import { setting } from '../setting.ts';

const port = integer({ min: 0, max: 65_535 });

/** Where to listen. */
export const binding = {
  bind: setting({
    doc: 'An address to listen on: `host:port`, `[v6]:port`, `unix:path` or `fd://N`. `localhost` is both 127.0.0.1 and ::1 on one port, or the one that the machine has. A `{slot}` in a port or a path stands for the number of each [slot](slots.md#a-socket-for-each-slot): `unix:/run/app.{slot}.sock`. It may be repeated. The addresses of one source replace those of a lower one. Sockets that systemd passes (`LISTEN_FDS`) replace all but `fd://N` and those with `{slot}`.',
    flags: '-b, --bind',
    kind: listOf(text('address', 'an address such as 127.0.0.1:8000'), 1),
    default: ['127.0.0.1:8000'],
    defaultText: '127.0.0.1:8000, or 0.0.0.0:$PORT where PORT is set',
    variables: [{ name: 'PORT', read: (text) => [`0.0.0.0:${port.fromText(text)}`] }],
  }),
  listenPort: setting({
    doc: 'The port in a program’s own call of `listen()` that says which of its servers is served, if it has several. Needed only if none of them listens on `PORT`, or for a server that does not speak HTTP.',
    flags: '--listen-port',
    kind: nullable(integer({ min: 1, max: 65_535 })),
    default: null,
    defaultText: 'none: the server that listens on `PORT`, otherwise the only one',
    needs: { classes: ['async', 'sync'] },
  }),
  http2Cleartext: setting({
    doc: 'Speak HTTP/2 without TLS with clients that begin with it (h2c by prior knowledge, RFC 9113, 3.3), beside HTTP/1 on the same sockets: [http2.md](http2.md). For proxies and service meshes; browsers want TLS.',
    flags: '--http2-cleartext',
    kind: boolean(),
    default: false,
  }),
  backlog: setting({
    doc: 'How many connections the kernel queues until a worker accepts them. The kernel limits it, on Linux to `net.core.somaxconn`. If it is not set, sockets that were passed to tsunicorn get as much as the kernel allows.',
    flags: '--backlog',
    kind: integer({ min: 1, max: 2_147_483_647 }),
    default: 2048,
  }),
};
