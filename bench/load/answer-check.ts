import { decodeHeaderBlock, type HeaderField } from "./hpack-decode.js";

/** A gRPC message has at least its prefix: a flag and a length. */
const messagePrefixBytes = 5;

/** The grpc-status of a call that was one too many. */
const resourceExhausted = "8";

/**
 * Tells good answers from bad ones, at little cost: a block that is byte for byte one that was
 * decoded and found good is good, because with an empty dynamic table (see hpack-decode.ts) equal
 * blocks mean the same. Anything else is decoded.
 */
export class AnswerCheck {
  #known: Buffer = Buffer.alloc(0);

  /**
   * @param bytes holds the block that ended the answer, from `start` to `end`
   * @param dataBytes how much DATA came before it
   * @returns whether the answer is a message and grpc-status 0, or a refusal: RESOURCE_EXHAUSTED
   * @throws Error when it is anything else
   */
  check(bytes: Buffer, start: number, end: number, dataBytes: number): "ok" | "refused" {
    if (dataBytes >= messagePrefixBytes && this.#isKnown(bytes, start, end)) return "ok";
    const block = Buffer.from(bytes.subarray(start, end));
    const outcome = outcomeOf(decodeHeaderBlock(block));
    if (outcome === "refused") return outcome;
    if (dataBytes < messagePrefixBytes) throw new Error("an answer is OK but has no message");
    this.#known = block;
    return outcome;
  }

  #isKnown(bytes: Buffer, start: number, end: number): boolean {
    const known = this.#known;
    return (
      known.length > 0 &&
      known.length === end - start &&
      bytes.compare(known, 0, known.length, start, end) === 0
    );
  }
}

function outcomeOf(fields: readonly HeaderField[]): "ok" | "refused" {
  const valueOf = (name: string): string | undefined => fields.find(([n]) => n === name)?.[1];
  const status = valueOf("grpc-status");
  if (status === "0") return "ok";
  if (status === resourceExhausted) return "refused";
  const message = decodeURIComponent(valueOf("grpc-message") ?? "");
  throw new Error(
    status === undefined
      ? `an answer ended without a grpc-status: ${JSON.stringify(fields)}`
      : `an answer has grpc-status ${status}: ${message}`,
  );
}
