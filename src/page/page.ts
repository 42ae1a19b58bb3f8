import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MorePages } from '../admin/admin.ts';
import type { Entrance } from '../admin/pages.ts';
import { messageOf } from '../support/errors.ts';
import type { PageFront, PageOptions } from './options.ts';
import type { Recorder } from './recorder.ts';

/** The page at `/` of --admin-bind. All of it but the history is loaded when somebody asks for it. */
export class Page implements MorePages {
  readonly recorder: Recorder;
  readonly #options: PageOptions;
  #front: Promise<PageFront> | null = null;

  constructor(options: PageOptions) {
    this.recorder = options.recorder;
    this.#options = options;
  }

  get rows(): Recorder['rows'] {
    return this.recorder.rows;
  }

  has(path: string): boolean {
    return path === '/' || path.startsWith('/page/');
  }

  async hasSession({ headers }: IncomingMessage): Promise<boolean> {
    const token = this.#options.service.loaded().settings.adminToken;
    if (token === null || headers.cookie === undefined) return false;
    try {
      const { sessionIn } = await import('./gate.ts');
      return sessionIn(headers, token) !== null;
    } catch {
      // The installation may have been replaced; answer() says so.
      return false;
    }
  }

  answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): void {
    void this.#answer(request, response, entrance).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      // The installation may have been replaced before anybody asked.
      response.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`the page cannot be loaded: ${messageOf(error)}\n`);
    });
  }

  /** The service has ended. */
  close(): void {
    this.recorder.close();
    void this.#front?.then(
      (front) => front.close(),
      () => {},
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): Promise<void> {
    this.#front ??= import('./front.ts').then(({ Front }) => new Front(this.#options));
    // What failed to load once is tried again: the installation may be complete by then.
    this.#front.catch(() => {
      this.#front = null;
    });
    await (await this.#front).answer(request, response, entrance);
  }
}
