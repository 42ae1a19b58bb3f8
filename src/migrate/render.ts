import type { Entries, Imported, ImportedApp, Remark } from './imported.ts';

const FILE = 'tsunicorn.config.ts';

/** The text of a configuration file for all applications, with the commands and the remarks as comments. */
export function render({ source, apps, remarks }: Imported): string {
  const isOnly = apps.length === 1;
  const parts = apps.map((app) => renderApp(app, isOnly));
  const head = [
    `// From ${source}, by tsunicorn import. Save this as ${FILE}; the commands are in the comments.`,
    ...remarksOf(remarks, ''),
    "import { defineConfig } from 'tsunicorn';",
  ];
  return `${head.join('\n')}\n${parts.map((part) => `\n${part}`).join('')}`;
}

function renderApp(app: ImportedApp, isOnly: boolean): string {
  if (!app.entries.some(([key]) => key === 'app'))
    return `${[`// ${app.name}: there is nothing to serve.`, ...remarksOf(app.remarks, '  ')].join('\n')}\n`;
  const name = isOnly ? 'config' : identifier(app.name);
  const profile = isOnly ? '' : ` -c ${FILE}:${name}`;
  const declared = `${isOnly ? '' : 'export '}const ${name} = defineConfig(${literal(app.entries)});`;
  const environments = app.environments.map(([environment, env]) => {
    const own = isOnly ? identifier(environment) : identifier(`${app.name}_${environment}`);
    const command = `// npx tsunicorn -c ${FILE}:${own}${app.behind}`;
    const joined = app.entries.some(([key]) => key === 'env') ? `...${name}.env, ` : '';
    const variables = JSON.stringify(env, null, 1)
      .replace(/^\{\s*|\s*\}$/g, '')
      .replace(/\s*\n\s*/g, ' ');
    return `\n${command}\nexport const ${own} = { ...${name}, env: { ${joined}${variables} } };\n`;
  });
  return [
    `// ${app.name}: npx tsunicorn${profile}${app.behind}`,
    ...remarksOf(app.remarks, '  '),
    declared,
    ...(isOnly ? [`export default ${name};`] : []),
    ...environments,
  ]
    .join('\n')
    .concat('\n')
    .replace(/\n\n+$/, '\n');
}

function remarksOf(remarks: readonly Remark[], indent: string): readonly string[] {
  const titles = [
    ['differently', 'Done differently:'],
    ['not', 'Not done:'],
  ] as const;
  return titles.flatMap(([how, title]) => {
    const some = remarks.filter((remark) => remark.how === how);
    return some.length === 0
      ? []
      : [
          `// ${indent}${title}`,
          ...some.map(({ what, why }) => `// ${indent}  ${oneLine(what)}: ${oneLine(why)}`),
        ];
  });
}

/** A comment must not end before its line does. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]+/g, ' ');
}

function literal(entries: Entries): string {
  const lines = entries.map(
    ([key, value]) => `  ${key}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')},\n`,
  );
  return `{\n${lines.join('')}}`;
}

/** The name as one of JavaScript: `my-api` is `myApi`. */
function identifier(name: string): string {
  const camel = name
    .replace(/[^\p{ID_Continue}$]+(.)?/gu, (_, next: string | undefined) => (next ?? '').toUpperCase())
    .replace(/^(?![\p{ID_Start}$_])/u, '_');
  return RESERVED.has(camel) ? `${camel}_` : camel;
}

const RESERVED = new Set(
  'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return static super switch this throw true try typeof var void while with yield await let package private protected public interface implements arguments eval defineConfig config'.split(
    ' ',
  ),
);
