/** The highest position or version that any store counts to. */
const highest = 2n ** 63n - 1n;

/** A position or version from the wire, an uint64: past the highest possible is the highest possible. */
export function clampPosition(position: bigint): bigint {
  return position < highest ? position : highest;
}
