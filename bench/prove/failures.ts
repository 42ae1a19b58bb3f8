import { setTimeout as pause } from 'node:timers/promises';
import { type ClientName, Clients, type Met } from './clients.ts';
import type { Course } from './course.ts';
import { type Figure, type Piece, UNFINISHED } from './figure.ts';
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
  /** Whether the operation came to its end. */
  readonly isFinished: boolean;
  /** Null where there is nothing to be said. */
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
    const isFinished = (await subject.operations[name]?.(running)) ?? false;
    await pause(setup.calmMs);
    const met = new Map(
      await Promise.all([...loads].map(async ([kind, load]) => [kind, await load.stop()] as const)),
    );
    const { cause } = operations[name];
    return { met, isFinished, saysCause: cause === null ? null : cause.test(running.output().slice(after)) };
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

/** What is read of what each kind of client met. */
const METRICS: Readonly<Record<string, (met: Met) => number>> = {
  answered: ({ answered }) => answered,
  failed: ({ failures }) => failures.length,
  refused: ({ refused }) => refused,
  'told to connect anew': ({ told }) => told,
  'longest time without service, ms': ({ withoutServiceMs }) => withoutServiceMs,
};

function figuresOf(
  { name: subject, clients }: Subject,
  name: OperationName,
  rounds: readonly Round[],
  command: string,
): readonly Figure[] {
  const ofClients = clients.flatMap((kind) =>
    Object.entries(METRICS).map(([metric, read]): Figure => {
      const values = rounds.flatMap(({ met }) => {
        const one = met.get(kind);
        return one === undefined ? [] : [read(one)];
      });
      const note = metric === 'failed' ? noteOf(rounds, kind) : '';
      return {
        group: name,
        subject: `${subject}: ${kind}`,
        metric,
        values,
        command,
        ...(note ? { note } : {}),
      };
    }),
  );
  const unfinished = rounds.map(({ isFinished }) => (isFinished ? 0 : 1));
  const said = rounds.flatMap(({ saysCause }) => (saysCause === null ? [] : [saysCause ? 1 : 0]));
  return [
    ...ofClients,
    { group: name, subject, metric: UNFINISHED, values: unfinished, command },
    ...(said.length === 0
      ? []
      : [{ group: 'the log names the cause', subject, metric: name, values: said, command }]),
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
        isOurs: subject.name.startsWith('tsunicorn'),
        rounds: setup.rounds.failures,
        roundSeconds: 4 + (setup.calmMs * 2) / 1000,
        async run(course: Course) {
          const rounds: Round[] = [];
          for (const _ of course.rounds()) rounds.push(await operateOnce(setup, subject, name));
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
