import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { plainEnvironment } from '../../bench/processes.ts';
import { Client } from '../../src/ctl/client.ts';
import { deadlineMs } from '../support/patience.ts';
import { built } from '../support/tsunicorn.ts';
import { inside, type Machine, processesOf } from './network.ts';

const APP = `import { setTimeout as pause } from 'node:timers/promises';
export const app = async (request, response) => {
  for await (const _ of request);
  if (request.url === '/slow') await pause(50);
  response.end('ok');
};
`;

/** The tsunicorn of one machine. */
export class Service {
  readonly machine: Machine;
  readonly #directory: string;
  #child: ChildProcess | null = null;
  #output = '';

  constructor(machine: Machine, directory: string) {
    this.machine = machine;
    this.#directory = join(directory, machine.name);
    mkdirSync(this.#directory);
    writeFileSync(join(this.#directory, 'app.mjs'), APP);
  }

  get socket(): string {
    return join(this.#directory, 'control.sock');
  }

  /** Resolves once all its workers serve. */
  async start(): Promise<void> {
    const [file = '', ...args] = inside(
      this.machine,
      ...['env', '-C', this.#directory, process.execPath, join(built, 'bin/tsunicorn.js'), 'app.mjs:app'],
      ...['--workers', '1', '--bind', '0.0.0.0:8000', '--admin-bind', '0.0.0.0:9000'],
      // Longer than the front takes to see it: see deploy/fleet/haproxy.conf.
      ...['--drain-delay', '3', '--control-socket', this.socket],
    );
    this.#child = spawn(file, args, { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-4000);
      });
    await this.#until(async () => {
      const { phase, workers } = await new Client(this.socket).status();
      return phase === 'serving' && workers.ready === workers.wanted;
    }, 'to serve');
  }

  /** Stops it as an operator does; resolves once nothing of it is left. */
  async stop(): Promise<void> {
    const { pid } = await new Client(this.socket).status();
    process.kill(pid, 'SIGTERM');
    await this.gone();
  }

  /** Resolves once no process is left there. */
  gone(): Promise<void> {
    return this.#until(async () => processesOf(this.machine).length === 0, 'to end');
  }

  async #until(look: () => Promise<boolean>, what: string): Promise<void> {
    for (const untilMs = performance.now() + deadlineMs(); ; ) {
      // It does not answer yet.
      if (await look().catch(() => false)) return;
      if (performance.now() > untilMs)
        throw new Error(`${this.machine.name}: waited for it ${what}\n${this.#output}`);
      await pause(50);
    }
  }
}
