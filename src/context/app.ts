import { currentContext } from './current.ts';

/** The application that the code runs for. */
export interface CurrentApp {
  /** As the operator wrote it, such as `api.ts:app`. */
  readonly name: string;
  /** The path that it is mounted at: `/`, or `/…` without a slash at its end. */
  readonly path: string;
  /** What is exported, such as the application of Express; what withApp() was given. */
  readonly value: unknown;
}

/** The application that the code runs for. Each property throws outside a context. */
export const app: CurrentApp = {
  get name() {
    return currentContext('app.name').app.name;
  },
  get path() {
    return currentContext('app.path').app.path || '/';
  },
  get value() {
    return currentContext('app.value').app.value;
  },
};
