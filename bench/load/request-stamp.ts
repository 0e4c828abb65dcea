import type { RequestTemplate } from "./load-job.js";

const hexDigits = Buffer.from("0123456789abcdef", "latin1");

/** Text of a UUID up to its last group. */
const uuidHeadBytes = 24;

/**
 * Makes each call's bytes its own, in place and without changing a length: UUIDs of version 7
 * (RFC 9562) as Annals' SDK makes them, that is, by the millisecond in order and within it not; and
 * which of so many things a call is about, evenly at random.
 */
export class RequestStamp {
  #count = 0;
  #headMs = -1;
  readonly #head = Buffer.alloc(uuidHeadBytes);

  /** @param tag 0 to 2^24 - 1: no two stamps of one run have the same */
  constructor(
    private readonly template: RequestTemplate,
    private readonly tag: number,
  ) {}

  /** @param body a copy of the template's message that starts at `start` */
  stamp(body: Buffer, start: number, unixMs: number): void {
    for (const offset of this.template.uuidOffsets) {
      this.#writeUuid(body, start + offset, unixMs, ++this.#count);
    }
    for (const { offset, among } of this.template.picks) {
      writeHex(body, start + offset, 8, shuffle(++this.#count) % among);
    }
  }

  #writeUuid(body: Buffer, at: number, unixMs: number, count: number): void {
    if (unixMs !== this.#headMs) {
      const time = unixMs.toString(16).padStart(12, "0");
      const tag = this.tag.toString(16).padStart(6, "0");
      const [a, b] = [time.slice(0, 8), time.slice(8)];
      this.#head.write(`${a}-${b}-7${tag.slice(0, 3)}-8${tag.slice(3)}-`, "latin1");
      this.#headMs = unixMs;
    }
    this.#head.copy(body, at);
    // Different for each count, as shuffle never gives two numbers below 2^32 the same place.
    writeHex(body, at + uuidHeadBytes, 4, Math.floor(count / 2 ** 32));
    writeHex(body, at + uuidHeadBytes + 4, 8, shuffle(count));
  }
}

/** Scatters counts over the numbers of 32 bits: times an odd number is a permutation of them. */
function shuffle(count: number): number {
  const scattered = Math.imul(count, 0x9e37_79b1);
  return (scattered ^ (scattered >>> 15)) >>> 0;
}

function writeHex(target: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    target[i] = hexDigits[rest & 15] ?? 0;
    rest >>>= 4;
  }
}
