import { loadApplication } from '../../../src/app/load.ts';
import { BootError } from '../../../src/support/errors.ts';

/** What loading a spec ended with, as failures.ts prints it. */
export interface Failure {
  readonly exitStatus: number;
  readonly message: string;
  readonly userStack: string | null;
}

// Run as a program of its own, since a test runner that imports modules in its own way has errors of its own:
// the failure of each spec in the arguments, as one JSON array.
const failures: Failure[] = [];
for (const spec of process.argv.slice(2)) {
  try {
    const { what } = await loadApplication(spec, { cwd: process.cwd(), onError: () => {} });
    failures.push({ exitStatus: 0, message: what, userStack: null });
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    failures.push({
      exitStatus: error.exitStatus,
      message: error.message,
      userStack: error.userStack ?? null,
    });
  }
}
process.stdout.write(JSON.stringify(failures));
process.exit(0);
