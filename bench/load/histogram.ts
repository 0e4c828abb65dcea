/** Values below this have a bucket each; each doubling above is cut into half as many. */
const exact = 128;

/** Buckets for values up to 2^37 microseconds, 38 hours; larger ones count as that. */
const bucketCount = exact + 30 * (exact / 2);

/**
 * Counts of durations in microseconds, in buckets whose width grows with the value: a quantile is at
 * most 1/64 (1.6 %) above the true one, and exact below 128 µs.
 */
export class Histogram {
  #total = 0;

  /** @param counts of another histogram, to go on from */
  constructor(private readonly counts: Float64Array = new Float64Array(bucketCount)) {
    for (const count of counts) this.#total += count;
  }

  /** How many values were recorded. */
  get total(): number {
    return this.#total;
  }

  /** Takes a duration of 0 or more microseconds. */
  record(microseconds: number): void {
    const index = bucketOf(Math.round(microseconds));
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.#total++;
  }

  /** The smallest value that `share` (0 to 1) of all values do not pass, in microseconds; 0 when empty. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let index = 0; index < this.counts.length; index++) {
      seen += this.counts[index] ?? 0;
      if (seen >= wanted) return highestIn(index);
    }
    return 0;
  }

  /** For another process, and to merge. */
  toCounts(): Float64Array {
    return this.counts.slice();
  }
}

/** One histogram of all values of several. */
export function mergeHistograms(all: readonly Float64Array[]): Histogram {
  const sum = new Float64Array(bucketCount);
  for (const counts of all) {
    counts.forEach((count, index) => {
      sum[index] = (sum[index] ?? 0) + count;
    });
  }
  return new Histogram(sum);
}

/** A value v of 2^k to 2^(k+1) is in one of 64 buckets, told apart by the 6 bits after its highest. */
function bucketOf(value: number): number {
  if (value < exact) return value;
  const doublings = Math.floor(Math.log2(value)) - 6;
  const index = doublings * (exact / 2) + Math.floor(value / 2 ** doublings);
  return Math.min(index, bucketCount - 1);
}

function highestIn(index: number): number {
  if (index < exact) return index;
  const doublings = Math.floor(index / (exact / 2)) - 1;
  const first = (index - doublings * (exact / 2)) * 2 ** doublings;
  return first + 2 ** doublings - 1;
}
