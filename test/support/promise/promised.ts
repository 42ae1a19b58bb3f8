import { readFileSync } from 'node:fs';
import { CONTROL_SIGNALS, STOP_SIGNALS } from '../../../src/arbiter/events.ts';
import { routes } from '../../../src/control/routes.ts';
import { STATUS } from '../../../src/ctl/failure.ts';
import { COMMON_FLAGS } from '../../../src/ctl/parse.ts';
import { verbs } from '../../../src/ctl/verbs.ts';
import { explained } from '../../../src/explain/catalogue.ts';
import type { RecordSpec } from '../../../src/log/records/record.ts';
import { recordTables } from '../../../src/log/records.ts';
import {
  arbiterFamilies,
  type Family,
  presentFamilies,
  workerFamilies,
} from '../../../src/metrics/catalogue.ts';
import {
  isConfigurable,
  settingNames,
  settingOf,
  variablesOf,
} from '../../../src/settings/catalogue/catalogue.ts';
import { hookDocs } from '../../../src/settings/catalogue/hooks.ts';
import { EXIT } from '../../../src/support/errors.ts';

/** One line for each thing that users build on, under the name of its kind. */
export type Promised = Readonly<Record<string, readonly string[]>>;

/** Where the lists stand that a change has to update on purpose. */
export const STABLE = new URL('stable.json', import.meta.url);

const root = new URL('../../../', import.meta.url);

/** What this tree promises; `npm run promise` writes it. */
export async function promised(): Promise<Promised> {
  return {
    settings: settingNames.map(settingLine),
    hooks: Object.entries(hookDocs).map(([name, { takes }]) => `${name}(${takes})`),
    signals: [...STOP_SIGNALS, ...CONTROL_SIGNALS],
    statuses: [
      ...Object.entries(EXIT).map(([name, status]) => `tsunicorn ${status} ${name}`),
      ...Object.entries(STATUS).map(([name, status]) => `tsunicornctl ${status} ${name}`),
    ],
    events: Object.values(recordTables).flatMap((table) => Object.entries<RecordSpec>(table).map(eventLine)),
    metrics: Object.entries<Family>({ ...arbiterFamilies, ...workerFamilies, ...presentFamilies }).map(
      metricLine,
    ),
    control: routes.map(({ method, path }) => `${method} ${path}`),
    commands: verbs.flatMap(({ name, flags = [] }) => [
      name,
      ...[...COMMON_FLAGS, ...flags].map(
        (flag) => `${name} ${flag.name}${flag.value ? ` <${flag.value}>` : ''}`,
      ),
    ]),
    exports: await exportLines(),
    errors: explained.map(({ code, title }) => `${code} ${title}`).toSorted(),
  };
}

function settingLine(name: (typeof settingNames)[number]): string {
  const { flags, kind } = settingOf(name);
  const flag = flags === null ? [] : [`${flags}${kind.placeholder === null ? '' : ` <${kind.placeholder}>`}`];
  return [name, ...flag, ...(isConfigurable(name) ? ['config'] : []), ...variablesOf(name)].join(' | ');
}

/** An event with the fields that it always has; fields that it may have can come and go. */
function eventLine([event, { level, fields }]: readonly [string, RecordSpec]): string {
  return `${event} | ${[level].flat().join(', ')} | ${[...fields].toSorted().join(', ')}`;
}

function metricLine([name, { type, labels = {} }]: readonly [string, Family]): string {
  return `${name} | ${type} | ${Object.keys(labels).join(', ')}`;
}

/** Each entry of the package, and the names that it exports as values; types stand in the declarations beside them. */
async function exportLines(): Promise<readonly string[]> {
  const { exports, bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const lines = Object.keys(bin).map((name) => `command ${name}`);
  for (const [entry, target] of Object.entries<string | { readonly default: string }>(exports)) {
    lines.push(entry);
    if (typeof target === 'string') continue;
    const source = new URL(target.default.replace('./dist/', '').replace(/\.js$/, '.ts'), root);
    lines.push(...(await namesOf(source)).map((name) => `${entry} ${name}`));
  }
  return lines;
}

/** The names that a module of ours exports, types included: they are read, since importing some of them has effects. */
async function namesOf(source: URL): Promise<readonly string[]> {
  const text = readFileSync(source, 'utf8');
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = '']) =>
    names.split(','),
  );
  const direct = [
    ...text.matchAll(/^export (?:default )?(?:async )?(?:function|const|class|interface|type) (\w+)/gm),
  ];
  return [...lists.map(exportedName), ...direct.map(([, name = '']) => name)]
    .filter((name) => name !== '')
    .toSorted();
}

function exportedName(part: string): string {
  return (
    part
      .trim()
      .replace(/^type /, '')
      .split(' as ')
      .at(-1) ?? ''
  ).trim();
}
