import { describe, expect, it } from 'vitest';
import { COLUMNS, dashOf, fixture } from '../../compatibility/fixture.ts';
import { FIXTURES } from '../../compatibility/fixtures.ts';
import { renderCompatibility } from '../../compatibility/render.ts';
import { differences, type Outcomes, readResults } from '../../compatibility/results.ts';

const koa = fixture({ name: 'Koa', group: 'current', packages: ['koa'] });
const asked = COLUMNS.filter((column) => dashOf(koa, column) === null);
const allYes: Outcomes = Object.fromEntries(asked.map((column) => [column, 'yes']));

/** The row of Koa, and what stands under the table. */
const page = (outcomes?: Outcomes) => {
  const packages = outcomes === undefined ? {} : { Koa: outcomes };
  const text = renderCompatibility({ node: '26.0.0', packages }, [koa]);
  return { row: /^\| Koa.*$/m.exec(text)?.[0], notes: text.slice(text.indexOf('| Koa')) };
};

describe('the page', () => {
  it('says yes, the number of requests that failed, and why a column makes no sense', () => {
    const { row, notes } = page(allYes);
    expect(row).toMatch(/^\| Koa \(\d+\.\d+\.\d+\) \|( yes \|){7} 0 \| yes \| – \(a\) \|$/);
    expect(notes).toMatch(/- \(a\): .*WebSocket/);
  });

  it('counts what was not run as no', () => {
    const { row, notes } = page();
    expect(row?.match(/\*\*no\*\* \(1\)/g)).toHaveLength(asked.length);
    expect(notes).toMatch(/1\. It was not run\.\n/);
  });

  it('gives the reason of a no, and says whether plain node does the same', () => {
    const { row, notes } = page({ ...allYes, abort: { no: 'nobody told it', node: 'no' } });
    expect(row).toMatch(/yes \| \*\*no\*\* \(1\) \| 0 \|/);
    expect(notes).toMatch(/1\. nobody told it\. .*plain `node`/i);
  });
});

describe('a run', () => {
  it('differs where a yes has become a no, or a no a yes, and not where a no has another reason', () => {
    const listed: Outcomes = { ...allYes, abort: { no: 'one reason' } };
    expect(differences(koa, { ...listed, abort: { no: 'another' } }, listed)).toEqual([]);
    expect(differences(koa, allYes, listed)).toEqual(['Koa, abort: yes; listed: no (one reason)']);
    expect(differences(koa, { ...listed, stop: { no: 'cut' } }, listed)).toEqual([
      'Koa, stop: no (cut); listed: yes',
    ]);
  });
});

it('no package fails as it is commonly served, unless it does so with plain node', () => {
  const { packages } = readResults();
  const failing = FIXTURES.flatMap((one) =>
    (['exported async', 'program async'] as const)
      .filter((column) => dashOf(one, column) === null)
      .filter((column) => {
        const outcome = packages[one.name]?.[column];
        return outcome !== 'yes' && outcome?.node !== 'no';
      })
      .map((column) => `${one.name}, ${column}`),
  );
  expect(failing).toEqual([]);
});

it('every package has a name and a folder of its own, and CI runs 25 or more', () => {
  expect(new Set(FIXTURES.map(({ name }) => name)).size).toBe(FIXTURES.length);
  expect(FIXTURES.filter(({ onDemand }) => !onDemand).length).toBeGreaterThanOrEqual(25);
});
