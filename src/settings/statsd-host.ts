import { scalar } from './kinds.ts';
import { type Kind, Mismatch } from './setting.ts';

/** Where a statsd listens, over UDP. */
export interface StatsdHost {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 8125;
const HOST = /^(?:udp:\/\/)?(?:\[([\da-f:.]+)\]|([^:/[\]\s]+))(?::(\d{1,5}))?$/i;

/** `host:port`, where the port is 8125 if it is left out. */
export function statsdHost(): Kind<string> {
  const usable = (value: unknown) => {
    if (typeof value === 'string' && value.startsWith('unix:'))
      throw new Mismatch(
        'host:port (Node has no Unix datagram sockets; let the statsd listen on UDP)',
        value,
      );
    return typeof value === 'string' && parseStatsdHost(value) !== null ? value : undefined;
  };
  return scalar({
    placeholder: 'host:port',
    expected: 'host:port, such as 127.0.0.1:8125',
    readText: usable,
    readValue: usable,
  });
}

/** Null for anything else. */
export function parseStatsdHost(text: string): StatsdHost | null {
  const [, v6, name, portText] = HOST.exec(text) ?? [];
  const host = v6 ?? name;
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (host === undefined || port < 1 || port > 65_535) return null;
  return { host, port };
}
