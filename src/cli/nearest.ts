/** Finds the word that somebody has probably meant. */

/** The one of `words` that is nearest to `word`, with at most a third of its letters wrong; undefined where none is. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const distances = words.map((candidate) => [distance(word, candidate), candidate] as const);
  const [least, found] = distances.sort(([a], [b]) => a - b)[0] ?? [Infinity, undefined];
  return least <= Math.ceil(word.length / 3) ? found : undefined;
}

/** Letters to insert, remove, replace, or to exchange with their neighbour. */
function distance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows.at(-1)!.at(-1)!;
}
