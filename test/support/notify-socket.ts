import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from './current-test.ts';
import { temporaryDirectory } from './tsunicorn.ts';

// Node has no AF_UNIX datagrams. Without room for ancillary data the kernel drops the descriptor that comes with
// BARRIER=1, which tells systemd-notify that the message was read.
const RECEIVER = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("BOUND=1"), flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

export type Notification = Readonly<Record<string, string>>;

/** A service manager's socket for one test, and what came in, without the barriers. Needs python3. */
export interface NotifySocket {
  readonly path: string;
  readonly received: readonly Notification[];
  /** The changes of state among them, in order. */
  states(): readonly string[];
  beats(): number;
}

export async function openNotifySocket(): Promise<NotifySocket> {
  const path = join(temporaryDirectory(), 'notify.sock');
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const received: Notification[] = [];
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  lines.on('line', (line) => {
    const message = parse(JSON.parse(line));
    if (!('BARRIER' in message)) received.push(message);
  });
  return {
    path,
    received,
    states: () => received.flatMap((one) => Object.keys(one).filter((name) => STATES.includes(name))),
    beats: () => received.filter(({ WATCHDOG }) => WATCHDOG === '1').length,
  };
}

const STATES = ['READY', 'RELOADING', 'STOPPING'];

function parse(text: string): Notification {
  return Object.fromEntries(
    text.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
