import { join } from 'node:path';
import { CASES } from '../../fixtures/surface/cases.ts';
import { Running, root } from '../tsunicorn.ts';
import { diff } from './diff.ts';
import { CLASSES, type Class } from './known.ts';
import { Reports, transcribe } from './run.ts';

const FIXTURES = 'test/fixtures/surface';
const REFERENCE = 'node:http';

/** The lines that differ, for each class that has the case. */
export type Seen = Readonly<Partial<Record<Class, readonly string[]>>>;

/** The classes that have a case. */
export function classesOf(title: string): readonly Class[] {
  return CLASSES.filter((name) => name === 'async' || !CASES[title]?.beforeBody);
}

/** A server of each class and plain node:http: each of them with the handler alone, and with a server that it exports. */
export class Surfaces {
  readonly #reports = new Reports();
  readonly #servers = new Map<string, Running>();
  readonly #ports = new Map<string, number>();

  async start(): Promise<void> {
    for (const part of ['', '-server']) {
      this.#run(`${REFERENCE}${part}`, part === '' ? [] : ['server'], join(root, FIXTURES, 'reference.ts'));
      for (const name of CLASSES) this.#run(`${name}${part}`, argumentsOf(name, part));
    }
    this.#run('calls', ['calls'], join(root, FIXTURES, 'reference.ts'));
    await Promise.all(
      [...this.#servers].map(async ([on, server]) =>
        this.#ports.set(on, Number(new URL(await server.url()).port)),
      ),
    );
  }

  /** What happens in a case, with plain node:http. */
  reference(title: string): Promise<readonly string[]> {
    return this.#transcript(REFERENCE, title);
  }

  async compare(title: string): Promise<Seen> {
    const classes = classesOf(title);
    const [plain = [], ...others] = await Promise.all(
      [REFERENCE, ...classes].map((on) => this.#transcript(on, title)),
    );
    return Object.fromEntries(classes.map((name, at) => [name, diff(plain, others[at] ?? []).toSorted()]));
  }

  /** The methods that the cases call which all classes have, as `<object>.<method>`. */
  async calls(): Promise<ReadonlySet<string>> {
    const titles = Object.keys(CASES).filter((title) => {
      const one = CASES[title];
      return !one?.ofServer && !one?.beforeBody;
    });
    await Promise.all(titles.map((title) => this.#transcript('calls', title)));
    return new Set(this.#reports.of('calls').map((line) => line.split(' ', 1)[0] ?? ''));
  }

  /** Which of the exported servers emit `close` when they are to end, which they do then. */
  async closed(limitMs: number): Promise<Readonly<Record<string, boolean>>> {
    const heard = [REFERENCE, ...CLASSES].map(async (name) => {
      this.#servers.get(`${name}-server`)?.signal('SIGTERM');
      const lines = this.#reports.of(`${name} close`);
      return [name, await this.#reports.until(() => lines.length > 0, limitMs)] as const;
    });
    return Object.fromEntries(await Promise.all(heard));
  }

  close(): void {
    for (const server of this.#servers.values())
      for (const pid of [server.pid, ...server.workers()]) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended already.
        }
      }
    this.#reports.close();
  }

  #run(on: string, args: readonly string[], script?: string): void {
    const env = { SURFACE: this.#reports.path, SURFACE_ON: on.replace('-server', '') };
    this.#servers.set(on, new Running(args, { cwd: root, env, ...(script ? { script } : {}) }));
  }

  #transcript(name: string, title: string): Promise<readonly string[]> {
    const one = CASES[title];
    if (one === undefined) throw new Error(`there is no case ${title}`);
    const on = one.ofServer ? `${name}-server` : name;
    return transcribe(this.#reports, this.#ports.get(on) ?? 0, on, title, one);
  }
}

function argumentsOf(name: Class, part: string): readonly string[] {
  const threads = name === 'thread' ? ['--threads', '1'] : [];
  const app = part === '' ? 'app.ts:app' : 'server.ts:server';
  return ['-b', '127.0.0.1:0', '--keep-alive', '5', ...threads, '-k', name, `${FIXTURES}/${app}`];
}
