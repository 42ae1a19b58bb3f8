/**
 * What a worker tells of a listen() of the application. `place` is what was asked for ("port 9090 of 127.0.0.1"), which is
 * the same in each worker.
 */
export type ListenMessage =
  /** The worker has bound it; the socket comes with the message. */
  | {
      readonly tsunicorn: 'bound';
      readonly place: string;
      /** What a client would be told. */
      readonly url: string;
      readonly role: ListenRole;
    }
  /** The worker uses the socket of that place that it was handed when it was spawned. */
  | { readonly tsunicorn: 'took'; readonly place: string; readonly role: ListenRole }
  /** The application has closed its server there, and the worker goes on. */
  | { readonly tsunicorn: 'released'; readonly place: string }
  /** Another process has the address. Perhaps the arbiter does, whose answer has the same `id`. */
  | {
      readonly tsunicorn: 'wanted';
      readonly place: string;
      /** Null for a path. */
      readonly port: number | null;
      readonly id: number;
    };

/** What the application listens for: `main` is where the service serves, `side` is beside that. */
export type ListenRole = 'main' | 'side';

/**
 * The answer to `wanted`. With `given` the socket comes along, which listens at `url`; `later` means that another worker
 * may be about to send it.
 */
export interface SocketAnswer {
  readonly tsunicorn: 'socket';
  readonly id: number;
  readonly answer: 'given' | 'later' | 'none';
  readonly url: string | null;
}
