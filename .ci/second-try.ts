import type { TestModule } from 'vitest/node';
import type { Reporter } from 'vitest/reporters';

/** Names, behind everything else that a run prints, each test that passed only when it was tried again. */
export default class SecondTry implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const flaky = modules.flatMap((module) =>
      [...module.children.allTests()].filter((test) => test.diagnostic()?.flaky),
    );
    for (const test of flaky)
      console.log(`passed at another try: ${test.module.relativeModuleId}: ${test.fullName}`);
  }
}
