/** Where syslog records go. */
export interface SyslogTarget {
  readonly protocol: 'udp' | 'tcp';
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 514;
const TARGET = /^(udp|tcp):\/\/(?:\[([^\]/]+)\]|([^:/[\]\s]+))(?::(\d+))?$/;

/** Reads `udp://host:port` or `tcp://host:port`, where the port is 514 if it is left out; null for anything else. */
export function parseSyslogTarget(text: string): SyslogTarget | null {
  const [, protocol, v6, name, portText] = TARGET.exec(text) ?? [];
  const host = v6 ?? name;
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (host === undefined || port < 1 || port > 65_535) return null;
  return { protocol: protocol === 'tcp' ? 'tcp' : 'udp', host, port };
}
