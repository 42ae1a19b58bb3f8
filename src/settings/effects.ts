import { util } from '../support/builtins.ts';
import { tooFewFiles } from '../support/open-files.ts';
import {
  isSettingName,
  type SettingName,
  type Settings,
  settingNames,
  settingOf,
} from './catalogue/catalogue.ts';
import { classNameOf } from './class-name.ts';
import type { LoadedData } from './load.ts';
import { nameSetting } from './origin.ts';
import { longFlag, type Need, shownText } from './setting.ts';

/** One line about a setting, which it names. */
export interface Remark {
  /** As an option. */
  readonly setting: string;
  readonly line: string;
}

interface Idle extends Remark {
  readonly name: SettingName;
  readonly why: string;
}

/** A remark for each given setting that has no effect, because another one is missing or excludes it. */
export function withoutEffect({ settings, origins }: LoadedData): readonly Idle[] {
  return settingNames.flatMap((name) => {
    const { needs, default: standard } = settingOf(name);
    if (needs === undefined || origins[name].source === 'default') return [];
    if (!isOn(settings[name]) || util.isDeepStrictEqual(settings[name], standard)) return [];
    const why = unmet(needs, settings);
    return why === null ? [] : [{ name, why, ...remark(name, origins, `has no effect ${why}`) }];
  });
}

/** All that is to be said of settings when they come into force. */
export function questionable(loaded: LoadedData): readonly Remark[] {
  return [...withoutEffect(loaded), ...beyondLimits(loaded), ...weakToken(loaded)];
}

/** A remark for each setting that asks for more than this process is allowed. */
export function beyondLimits({ settings, origins }: LoadedData): readonly Remark[] {
  const why = tooFewFiles(settings.workerConnections);
  return why === null ? [] : [remark('workerConnections', origins, why)];
}

/** As much as nobody guesses, where a client may try as often as it likes. */
const LEAST_TOKEN = 16;

/** A remark where the token of the admin pages can be guessed. */
function weakToken({ settings, origins }: LoadedData): readonly Remark[] {
  const { adminToken } = settings;
  if (adminToken === null || adminToken.length >= LEAST_TOKEN) return [];
  const length = `is only ${adminToken.length} characters long, and can be guessed`;
  return [
    remark('adminToken', origins, `${length}; take one of at least ${LEAST_TOKEN}: openssl rand -hex 32`),
  ];
}

/**
 * The settings as they can be in force without a restart, and a line for each that is read and not applied: it stays as
 * `inForce` has it.
 */
export function withoutRestart(
  asRead: LoadedData,
  inForce: Settings,
): { readonly loaded: LoadedData; readonly remarks: readonly Remark[] } {
  const { settings, origins } = asRead;
  const kept = settingNames.filter(
    (name) => settingOf(name).restart && !util.isDeepStrictEqual(settings[name], inForce[name]),
  );
  const values = Object.fromEntries(kept.map((name) => [name, inForce[name]]));
  return {
    loaded: { ...asRead, settings: Object.freeze({ ...settings, ...values }) },
    remarks: kept.map((name) => {
      const [now, before] = [settings, inForce].map((from) => shownText(settingOf(name), from[name]));
      return remark(name, origins, `needs a restart: it stays ${before}, and ${now} is not applied`);
    }),
  };
}

function remark(name: SettingName, origins: LoadedData['origins'], what: string): Remark {
  const setting = flagOf(name);
  return { setting, line: `${nameSetting(origins[name], setting.slice(2))} ${what}` };
}

function unmet(need: Need, settings: Settings): string | null {
  if ('classes' in need) {
    const name = classNameOf(settings);
    const others = need.classes.map((one) => `--worker-class ${one}`).join(' or ');
    return need.classes.includes(name) ? null : `in class ${name}, only with ${others}`;
  }
  if ('anyOf' in need) {
    if (need.anyOf.some((name) => isSettingName(name) && isOn(settings[name]))) return null;
    return `without ${need.anyOf.map(flagOf).join(' or ')}`;
  }
  return isSettingName(need.notWith) && isOn(settings[need.notWith]) ? `with ${flagOf(need.notWith)}` : null;
}

/** Whether the value asks for anything: none, `off`, false, 0 and an empty list or table switch a setting off. */
function isOn(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value) && value !== 'none' && value !== 'off';
}

function flagOf(name: string): string {
  return (isSettingName(name) && longFlag(settingOf(name))) || name;
}

/** The warning where workers would run as root without --user asking for it; null otherwise. */
export function warnsOfRoot({ settings }: LoadedData): string | null {
  if (process.geteuid?.() !== 0 || settings.user !== null) return null;
  return 'Running as root: the application has all rights of root; set --user to another user, or to root to confirm';
}
