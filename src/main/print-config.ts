import { formatAddress } from '../settings/address.ts';
import { settingNames, settingOf } from '../settings/catalogue/catalogue.ts';
import { classNameOf } from '../settings/class-name.ts';
import { withoutEffect } from '../settings/effects.ts';
import type { LoadedData } from '../settings/load.ts';
import { describeOrigin } from '../settings/origin.ts';
import { shownText } from '../settings/setting.ts';

/** Every setting, passed socket and hook as a line `name = value   # origin`, aligned, each ending in a newline. */
export function renderConfig(loaded: LoadedData): string {
  return align(configRows(loaded));
}

/** Every setting, passed socket and hook: its value as it may be shown, and its origin. */
export function configRows(loaded: LoadedData): readonly Row[] {
  const shown = settingNames.filter((name) => settingOf(name).reach !== 'argumentsOnly');
  const idle = new Map(withoutEffect(loaded).map(({ name, why }) => [name, `; no effect ${why}`]));
  const asking = mayAsk(loaded) ? '; a program is served where it listens' : '';
  const rows = shown.map((name) => ({
    name,
    value: shownText(settingOf(name), loaded.settings[name]),
    origin: describeOrigin(loaded.origins[name]) + (idle.get(name) ?? '') + (name === 'bind' ? asking : ''),
  }));
  const sockets = loaded.sockets.map(
    (address): Row => ({
      name: 'socket',
      value: formatAddress(address),
      origin: 'environment LISTEN_FDS, in place of bind',
    }),
  );
  const hooks = Object.entries(loaded.hookOrigins).map(
    ([name, origin]): Row => ({ name, value: 'hook', origin: describeOrigin(origin) }),
  );
  return [...rows, ...sockets, ...hooks];
}

/** Whether the application may be a program that says where it is served. */
function mayAsk({ settings, origins, sockets }: LoadedData): boolean {
  const isGiven = origins.bind.source !== 'default' || sockets.length > 0;
  return (
    settings.app !== null && !isGiven && classNameOf(settings) !== 'thread' && !settings.app.includes(':')
  );
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
}

function align(rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  // One long value, such as the access log's format, must not push all origins off the screen.
  const valueWidth = Math.max(...rows.map(({ value }) => value.length).filter((length) => length <= 40));
  const lines = rows.map(
    ({ name, value, origin }) => `${name.padEnd(nameWidth)} = ${value.padEnd(valueWidth)}  # ${origin}\n`,
  );
  return lines.join('');
}
