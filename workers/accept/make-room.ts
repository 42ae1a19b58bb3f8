import type { Connections } from '../../src/http/connections.ts';
import { FAULTS } from '../../src/http/edge/fault.ts';
import type { RequestCount } from '../../src/http/observer.ts';
import type { SayRefused } from '../../src/http/refusals.ts';
import { Room } from '../../src/http/room.ts';
import type { Clock } from '../../src/support/clock.ts';
import { clientOn } from '../../src/support/origin.ts';
import type { Capacity } from './capacity.ts';

export interface MakeRoomOptions {
  readonly connections: Connections;
  readonly capacity: Capacity;
  readonly limit: number;
  readonly onRefused: SayRefused;
  readonly count: Pick<RequestCount, 'refused'> | null;
  readonly clock: Clock;
}

/** What makes room in a worker at its limit, and logs and counts who had to go. */
export function makeRoom({ connections, capacity, limit, onRefused, count, clock }: MakeRoomOptions): Room {
  const { code, text } = FAULTS.evicted;
  return new Room({
    ...{ connections, limit, clock },
    isFull: () => capacity.isFull,
    evicted: (socket) => {
      const client = clientOn(socket) || null;
      count?.refused(code);
      onRefused(`Closed a connection of ${client ?? 'an unknown client'}: ${text}`, {
        reason: text,
        error: code,
        client,
      });
    },
  });
}
