// Bare processes on one inherited socket: argv[2] of them accept from the queue that this process has opened.
import { fork } from 'node:child_process';
import { createServer as listener } from 'node:net';
import { app } from './app.js';

const { createServer } = process.getBuiltinModule('node:http');

function lead(count) {
  const socket = listener().listen(Number(process.env.PORT), '127.0.0.1', () => {
    let left = count;
    for (let started = 0; started < count; started += 1)
      fork(import.meta.filename).send('socket', socket, () => {
        left -= 1;
        // This process accepts nothing itself.
        if (left === 0) socket.close();
      });
  });
}

if (process.send === undefined) lead(Number(process.argv[2]));
else
  process.once('message', (_text, socket) => createServer({ keepAliveTimeout: 75_000 }, app).listen(socket));
