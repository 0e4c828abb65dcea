import type { Spread } from "./spread.js";

/** "12,345". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** "0.50 (0.40 to 0.60)": the median, and between what it lay. */
export function inFull({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

/** "8,363" and "5,603 to 8,512", for two columns. */
export function rateAndRange({ median, min, max }: Spread): [string, string] {
  return [whole(median), `${whole(min)} to ${whole(max)}`];
}
