/** Ids that fit in one millisecond, at most: 12 bits. */
const counterEnd = 0x1000;

/**
 * Makes UUIDv7s (RFC 9562, 5.7), each greater than the one before, as text, too. Within a millisecond
 * a counter rises that begins by chance in its lower half (6.2, method 1). When it is full, or the
 * clock goes back, ids run ahead of the clock until that catches up. The last 62 bits are chance.
 *
 * @param now milliseconds since 1970. Default: Date.now
 */
export function createUuidV7Source(now: () => number = () => Date.now()): () => string {
  let ms = -1;
  let counter = 0;
  return () => {
    const chance = crypto.randomUUID();
    counter++;
    const next = Math.max(Math.floor(now()), counter < counterEnd ? ms : ms + 1);
    if (next > ms) {
      ms = next;
      counter = Number.parseInt(chance.slice(0, 3), 16) >> 1;
    }
    const time = hex(ms, 12);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(counter, 3)}${chance.slice(18)}`;
  };
}

/** A UUIDv7. Ids made later sort later, among those that a process makes with one copy of this. */
export const createUuidV7: () => string = createUuidV7Source();

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
