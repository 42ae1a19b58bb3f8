import type { Explained } from './explained.ts';

/** Addresses, sockets and what holds them. */
export const addresses: readonly Explained[] = [
  {
    code: 'TSU0201',
    title: 'The address is in use',
    pattern: /the address is already in use|another server is listening there/,
    means:
      'Another process listens on that port or path. tsunicorn never shares an address with a service that it does not know.',
    cure: '`ss -ltnp` shows what holds it. If it is an older tsunicorn, reload or upgrade that one (`tsunicornctl reload --wait`, USR2) and do not start a second.',
  },
  {
    code: 'TSU0202',
    title: 'No right to bind the address',
    pattern: /permission denied; (a port below 1024|choose another address)/,
    means:
      'A port below 1024 needs root or the capability `NET_BIND_SERVICE`; the path of a socket needs a directory in which this user may write.',
    cure: 'Let systemd bind it ([socket activation](../systemd.md)), put [nginx](../nginx.md) in front, or choose a port from 1024 up.',
  },
  {
    code: 'TSU0203',
    title: 'The machine does not have that address',
    pattern:
      /this machine does not (have that address|support that kind)|cannot resolve "[^"]*" \([^)]*\); write an address of this machine/,
    means: 'The host of `--bind` is none of this machine, or its name cannot be resolved.',
    cure: '`ip addr` lists the addresses. `0.0.0.0` and `[::]` stand for every interface.',
  },
  {
    code: 'TSU0204',
    title: 'The path of the socket cannot be used',
    pattern:
      /the directory does not exist; create it|the file system is read-only; choose|the file exists and is not a socket|the file belongs to another user|path has at most|a path is missing; write unix|only Linux has sockets without a file/,
    means:
      'The Unix socket cannot be made there: the directory is missing or read-only, the path is too long for the kernel (107 bytes, 103 on macOS), or something else has that name. Abstract sockets (`unix:@name`) are known to Linux alone.',
    cure: 'Use a directory that belongs to the service, such as systemd’s `RuntimeDirectory=`: `unix:/run/app/app.sock`.',
  },
  {
    code: 'TSU0205',
    title: 'The address cannot be read',
    pattern:
      /is it a port\? Write|expected host:port|a port is a number|is not a host name|expected an inherited descriptor|\{slot\} stands for|slot 0 would have port 0/,
    means: '`--bind`, `--admin-bind` or another address is not written in one of the forms that are known.',
    cure: 'Write `127.0.0.1:8000`, `:8000`, `[::1]:8000`, `unix:/run/app.sock` or `fd://3`.',
  },
  {
    code: 'TSU0206',
    title: 'The inherited socket cannot be used',
    pattern:
      /LISTEN_FDS=|no such open descriptor|the descriptor is not a socket|it is a datagram socket|it is a connection, not a listening|an inherited descriptor is for workers/,
    means:
      'systemd, or the process that started tsunicorn, passed something that is no listening stream socket.',
    cure: 'In the socket unit write `ListenStream=` and `Accept=no`. See [systemd](../systemd.md).',
  },
  {
    code: 'TSU0207',
    title: 'Two addresses are the same socket',
    pattern:
      /: it overlaps |: overlaps .*which this service still uses|it is the socket .* at present|workers that are being replaced still use it/,
    means:
      'Two addresses of the service cannot be bound beside each other, or a reload wants one that is still in use.',
    cure: 'Remove one of them, or reload again when the old workers have exited; otherwise restart.',
  },
  {
    code: 'TSU0208',
    title: 'The socket cannot be given to the user of the workers',
    pattern: /cannot give the socket to/,
    means: 'The arbiter has no right to change the owner of the file of the socket.',
    cure: 'Give it the capability `CHOWN`, or set the group and mode of the directory instead (`--umask`).',
  },
  {
    code: 'TSU0209',
    title: 'The address at which the program listens is not one of the service',
    pattern:
      /the program listens on .*(which the arbiter has to bind|and either may be)|the program listens on /,
    means:
      'A program calls `listen()` on an address that the arbiter does not hold, or on several, so that it is not clear which is the service.',
    cure: 'Let it listen on `process.env.PORT`, or name the address with `--bind` or `--listen-port`. See [programs](../programs.md).',
  },
];
