import type { KernelQueue } from '../../src/app/script/claim.ts';
import type { HandedListener } from '../../src/process/ipc/boot-spec.ts';
import { fs } from '../../src/support/builtins.ts';
import { type DoorListener, type EarlyDoor, openEarlyDoor } from './listener-door.ts';

/** The sockets that listen while the program loads: it may connect to itself as soon as it is told that it listens. */
export class EarlyDoors implements KernelQueue {
  readonly #backlog: number;
  readonly #doors = new Map<number, EarlyDoor>();

  constructor(backlog: number) {
    this.#backlog = backlog;
  }

  begin({ fd, backlog = this.#backlog }: Pick<HandedListener, 'fd' | 'backlog'>): void {
    if (!this.#doors.has(fd)) this.#doors.set(fd, openEarlyDoor(fd, backlog));
  }

  handOn(fd: number): unknown {
    const door = this.#doors.get(fd);
    this.#doors.delete(fd);
    return door?.server ?? { fd };
  }

  /** Closes the descriptor, whether it listens or not. */
  close(fd: number): void {
    const door = this.#doors.get(fd);
    this.#doors.delete(fd);
    if (door === undefined) fs.closeSync(fd);
    else door.server.close();
  }

  /** The same listeners for the gate. */
  forGate(listeners: readonly HandedListener[]): readonly DoorListener[] {
    return listeners.map((listener) => {
      const early = this.#doors.get(listener.fd);
      return early === undefined ? listener : { ...listener, early };
    });
  }
}
