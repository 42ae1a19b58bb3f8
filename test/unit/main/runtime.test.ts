import { describe, expect, it } from 'vitest';
import { refuseOldNode } from '../../../src/main/runtime.ts';

describe('a Node version', () => {
  it.each(['24.20.0', '24.99.1', '26.7.0', '26.10.0', '27.0.0', '28.1.0', '100.0.0'])(
    '%s is enough',
    (version) => {
      expect(refuseOldNode(version)).toBeNull();
    },
  );

  it.each(['18.20.0', '20.19.5', '22.99.0', '24.19.9', '24.0.0', '25.9.0', '26.6.9', '26.0.0'])(
    '%s is refused in one line with what is needed and what was found',
    (version) => {
      const line = refuseOldNode(version) ?? '';
      expect(line).toContain('24.20');
      expect(line).toContain('26.7');
      expect(line).toContain(version);
      expect(line).toContain('npm install node@26');
      expect(line).not.toContain('\n');
    },
  );

  it('of a pre-release counts by its numbers', () => {
    expect(refuseOldNode('27.0.0-nightly20261101')).toBeNull();
  });

  it('of the process that runs this is enough', () => {
    expect(refuseOldNode(process.versions.node)).toBeNull();
  });
});
