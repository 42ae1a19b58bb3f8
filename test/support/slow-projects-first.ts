import { BaseSequencer, type TestSpecification } from 'vitest/node';

const ORDER = ['soak', 'fuzz', 'simulation', 'integration', 'unit'];

/** Starts the projects first whose files take longest: one that begins last would end alone. */
export class SlowProjectsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => ORDER.indexOf(a.project.name) - ORDER.indexOf(b.project.name));
  }
}
