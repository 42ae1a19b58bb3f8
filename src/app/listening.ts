import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { appError } from './failure.ts';
import type { AppSpec } from './spec.ts';

/** Records which servers the application's own code made listen while it was loaded. */
export interface ListenWatch {
  /** Such as "port 3000", in order. */
  places(): readonly string[];
  /** Throws a BootError if the application to serve listens already. */
  refuse(spec: AppSpec, application: unknown): void;
  /** What else the operator may do with a module that listens itself; null where nothing. */
  readonly otherwise: string | null;
  end(): void;
}

const CHANNEL = 'tracing:net.server.listen:asyncStart';

/** Starts to watch; end() must be called. */
export function watchListening(otherwise: string | null = null): ListenWatch {
  const listens: { readonly server: Server; readonly place: string }[] = [];
  const note = (message: unknown): void => {
    if (isListen(message)) listens.push({ server: message.server, place: placeOf(message.options) });
  };
  subscribe(CHANNEL, note);
  return {
    otherwise,
    places: () => listens.map(({ place }) => place),
    refuse(spec, application) {
      const found = listens.find(({ server }) => serves(server, application));
      if (found !== undefined)
        throw appError(
          `${spec.text}: the application calls listen() itself (${found.place}); export it without that call, and set the address with --bind${otherwise === null ? '' : `, or ${otherwise}`}`,
        );
    },
    end: () => void unsubscribe(CHANNEL, note),
  };
}

function serves(server: Server, application: unknown): boolean {
  return server === application || server.listeners('request').some((listener) => listener === application);
}

interface Listen {
  readonly server: Server;
  readonly options: object;
}

function isListen(message: unknown): message is Listen {
  if (typeof message !== 'object' || message === null) return false;
  return 'server' in message && 'options' in message && typeof message.options === 'object';
}

function placeOf(options: object): string {
  if ('port' in options && options.port !== undefined && options.port !== null)
    return `port ${String(options.port)}`;
  if ('path' in options && typeof options.path === 'string') return options.path;
  return 'an address of its own';
}
