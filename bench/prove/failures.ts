import { setTimeout as pause } from 'node:timers/promises';
import { type ClientName, Clients, type Met } from './clients.ts';
import type { Figure, Piece } from './figure.ts';
import { type OperationName, operations } from './operations.ts';
import type { Setup } from './setup.ts';
import type { Subject } from './subject.ts';

/** What a quick run looks at: tsunicorn's async class, by one operation that loses nothing and one that may. */
const QUICK: Readonly<Record<string, readonly OperationName[]>> = {
  'tsunicorn async': ['reload', 'upgrade', 'kill -9 of a worker'],
};
const CLIENTS_OF_A_KIND = 2;

/** What each kind of client met while a service was operated on, a round. */
interface Round {
  readonly met: ReadonlyMap<ClientName, Met>;
  readonly saysCause: boolean | null;
}

async function operateOnce(setup: Setup, subject: Subject, name: OperationName): Promise<Round> {
  const running = await setup.start(subject);
  const loads = new Map(
    subject.clients.map((kind) => [kind, new Clients(running.url, kind, CLIENTS_OF_A_KIND)] as const),
  );
  try {
    await pause(setup.calmMs);
    const after = running.output().length;
    await subject.operations[name]?.(running);
    await pause(setup.calmMs);
    const met = new Map<ClientName, Met>();
    for (const [kind, met_] of await Promise.all(
      [...loads].map(async ([one, load]) => [one, await load.stop()] as const),
    ))
      met.set(kind, met_);
    const { cause } = operations[name];
    return { met, saysCause: cause === null ? null : cause.test(running.output().slice(after)) };
  } finally {
    await running.stop();
  }
}

function noteOf(rounds: readonly Round[], kind: ClientName): string {
  const names = new Map<string, number>();
  for (const failure of rounds.flatMap(({ met }) => met.get(kind)?.failures ?? []))
    names.set(failure, (names.get(failure) ?? 0) + 1);
  return [...names].map(([failure, count]) => `${failure} × ${count}`).join(', ');
}

function figuresOf(
  subject: Subject,
  name: OperationName,
  rounds: readonly Round[],
  command: string,
): readonly Figure[] {
  const group = `${name}`;
  const figures = subject.clients.flatMap((kind) => {
    const of = (read: (met: Met) => number) =>
      rounds.flatMap(({ met }) => {
        const one = met.get(kind);
        return one === undefined ? [] : [read(one)];
      });
    const figure = (metric: string, values: readonly number[], note?: string): Figure => ({
      group,
      subject: `${subject.name}: ${kind}`,
      metric,
      values,
      command,
      ...(note ? { note } : {}),
    });
    return [
      figure(
        'answered',
        of(({ answered }) => answered),
      ),
      figure(
        'failed',
        of(({ failures }) => failures.length),
        noteOf(rounds, kind),
      ),
      figure(
        'refused',
        of(({ refused }) => refused),
      ),
      figure(
        'told to connect anew',
        of(({ told }) => told),
      ),
      figure(
        'longest time without service, ms',
        of(({ withoutServiceMs }) => withoutServiceMs),
      ),
    ];
  });
  const said = rounds.flatMap(({ saysCause }) => (saysCause === null ? [] : [saysCause ? 1 : 0]));
  if (said.length === 0) return figures;
  return [
    ...figures,
    { group: 'the log names the cause', subject: subject.name, metric: name, values: said, command },
  ];
}

/** Each operation on each subject that has it, with clients of every kind at once. */
export function failurePieces(setup: Setup): readonly Piece[] {
  return setup.subjects.flatMap((subject) =>
    (Object.keys(operations) as OperationName[])
      .filter((name) => subject.operations[name] !== undefined)
      .map((name) => ({
        id: `failures/${subject.name}/${name}`,
        section: 'failures' as const,
        inQuick: QUICK[subject.name]?.includes(name) ?? false,
        async run() {
          const rounds: Round[] = [];
          for (let round = 0; round < setup.rounds.failures; round += 1)
            rounds.push(await operateOnce(setup, subject, name));
          return figuresOf(
            subject,
            name,
            rounds,
            `npm run prove -- --piece 'failures/${subject.name}/${name}'`,
          );
        },
      })),
  );
}
