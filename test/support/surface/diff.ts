/** The lines that one transcript has and the other has not, in order: `- ` of the first, `+ ` of the second. */
export function diff(first: readonly string[], second: readonly string[]): readonly string[] {
  const common = lengths(first, second);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && first[i] === second[j]) {
      i++;
      j++;
    } else if (j >= second.length || (i < first.length && at(common, i + 1, j) >= at(common, i, j + 1))) {
      lines.push(`- ${first[i]}`);
      i++;
    } else {
      lines.push(`+ ${second[j]}`);
      j++;
    }
  }
  return lines;
}

/** How long the longest common sequence is behind each pair of places. */
function lengths(first: readonly string[], second: readonly string[]): readonly Int32Array[] {
  const rows = Array.from({ length: first.length + 1 }, () => new Int32Array(second.length + 1));
  for (let i = first.length - 1; i >= 0; i--)
    for (let j = second.length - 1; j >= 0; j--) {
      const isSame = first[i] === second[j];
      const row = rows[i] as Int32Array;
      row[j] = isSame ? at(rows, i + 1, j + 1) + 1 : Math.max(at(rows, i + 1, j), at(rows, i, j + 1));
    }
  return rows;
}

function at(rows: readonly Int32Array[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}
