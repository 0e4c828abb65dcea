import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

/**
 * A codec written for one pair of messages. What it does not know it leaves to the general one, which stays
 * the rule: where both answer, they answer the same (test/codec-by-hand.test.ts).
 */
export interface ByHand<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  /** Undefined for bytes that are unusual, or wrong: the general decoder says which. */
  readonly decode: (bytes: Uint8Array) => MessageShape<I> | undefined;
  /** Undefined for an answer that is unusual. */
  readonly encode: (answer: MessageInitShape<O>) => Uint8Array | undefined;
}

/** The encoder of an RPC's answers: by hand where that is possible. */
export function createAnswerEncoder<O extends DescMessage>(
  schema: O,
  byHand: Pick<ByHand<DescMessage, O>, "encode"> | undefined,
): (answer: MessageInitShape<O>) => Uint8Array {
  return (answer) => byHand?.encode(answer) ?? toBinary(schema, create(schema, answer));
}
