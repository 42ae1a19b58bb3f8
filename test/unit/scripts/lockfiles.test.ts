import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
}

const root = join(import.meta.dirname, '../../..');

function packagesOf(file: string): readonly (readonly [string, Locked])[] {
  const { packages } = JSON.parse(readFileSync(join(root, file), 'utf8'));
  return Object.entries<Locked>(packages).filter(([path, { link }]) => path !== '' && !link);
}

it.each(['package-lock.json', 'site/package-lock.json'])(
  '%s has the integrity of every package, those of other platforms included',
  (file) => {
    const without = packagesOf(file).filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(without.map(([path]) => path)).toEqual([]);
  },
);

it('nothing that users install runs a script at install', () => {
  const installed = packagesOf('package-lock.json').filter(
    ([, { dev, devOptional }]) => !dev && !devOptional,
  );
  expect(installed.length).toBeGreaterThan(5);
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});
