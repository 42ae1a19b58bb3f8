import { isRunner } from '../settings/command.ts';
import { joinArguments, splitArguments } from '../settings/sources/split-arguments.ts';
import { UsageError } from '../support/errors.ts';
import { appOf, differently, type Imported, not, type Piece, setting } from './imported.ts';

const LINE = /^([A-Za-z0-9_-]+):\s*(.+)$/;
const ASSIGNMENT = /^([A-Za-z_]\w*)=(.*)$/s;
/** What only a shell understands. */
const SHELL = /[|&;<>()$`*?]/;

/** What a Procfile says: its `web` process becomes the application, the others companions. Throws a UsageError. */
export function importProcfile(text: string, file: string): Imported {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const processes = lines.map((line): readonly [string, string] => {
    const [, name, command] = LINE.exec(line.trim()) ?? [];
    if (name === undefined || command === undefined)
      throw new UsageError(`${file}: expected name: command, got ${line.trim()}`);
    return [name, command.trim()];
  });
  const web = processes.find(([name]) => name === 'web');
  if (web === undefined)
    throw new UsageError(
      `${file}: it has no web process, so there is nothing to serve; name the application yourself: tsunicorn server.js`,
    );
  const others = processes.filter((process) => process !== web);
  const port = differently(
    'PORT',
    'the service listens on 0.0.0.0:$PORT where the platform sets PORT, and on 127.0.0.1:8000 otherwise',
  );
  return {
    source: file,
    apps: [appOf('web', [webOf(web[1], file), port, ...companionsOf(others), ...releaseOf(others)])],
    remarks: [],
  };
}

function webOf(command: string, file: string): Piece {
  const words = splitArguments(`${file}: web`, command);
  const first = words.findIndex((word) => !ASSIGNMENT.test(word));
  const program = joinArguments(words.slice(first));
  const env = Object.fromEntries(words.slice(0, first).map((word) => ASSIGNMENT.exec(word)?.slice(1) ?? []));
  const entries = first > 0 ? [['env', env] as const] : [];
  if (SHELL.test(command))
    return {
      entries: [...entries, ['app', 'server.js']],
      remarks: [
        {
          what: `web: ${command}`,
          how: 'not',
          why: 'it needs a shell; name the module that serves in app, and its arguments in programArguments',
        },
      ],
    };
  if (isRunner(words[first] ?? '')) return { entries: [...entries, ['app', program]] };
  return {
    entries: [...entries, ['app', words[first] ?? '']],
    ...(words.length > first + 1 ? setting('programArguments', words.slice(first + 1)) : {}),
    remarks: [
      {
        what: `web: ${command}`,
        how: 'differently',
        why: 'it does not begin with node, npm, npx, pnpm or yarn; name the module that serves in app',
      },
    ],
  };
}

function companionsOf(others: readonly (readonly [string, string])[]): readonly Piece[] {
  const some = others.filter(([name]) => name !== 'release');
  if (some.length === 0) return [];
  const companions = Object.fromEntries(
    some.map(([name, command]) => [
      name,
      {
        run:
          SHELL.test(command) || command.includes('=')
            ? ['sh', '-c', command]
            : splitArguments(name, command),
      },
    ]),
  );
  return [
    differently(
      some.map(([name]) => name).join(', '),
      'a platform scales each process by itself; here they are companions of the service, count says how many',
      [['companions', companions]],
    ),
  ];
}

function releaseOf(others: readonly (readonly [string, string])[]): readonly Piece[] {
  return others
    .filter(([name]) => name === 'release')
    .map(([, command]) => not('release', `run it before the start or the reload: ${command}`));
}
