import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";

/** An answer that many calls are given: made and encoded once, when the first one needs it. */
export class SharedAnswer<O extends DescMessage> {
  #bytes: Uint8Array | undefined;

  /**
   * @param make the message
   * @param encode the message's bytes, where there is a shorter way to them
   */
  constructor(
    private readonly make: () => MessageInitShape<O>,
    private readonly encode?: () => Uint8Array,
  ) {}

  /** The message, for a transport with an encoding of its own. */
  message(): MessageInitShape<O> {
    return this.make();
  }

  bytes(schema: O): Uint8Array {
    return (this.#bytes ??= this.encode?.() ?? toBinary(schema, create(schema, this.make())));
  }
}

/** What a streaming RPC answers with. */
export type Answer<O extends DescMessage> = MessageInitShape<O> | SharedAnswer<O>;

/** An answer on the wire. */
export function encodeAnswer<O extends DescMessage>(schema: O, answer: Answer<O>): Uint8Array {
  if (answer instanceof SharedAnswer) return answer.bytes(schema);
  return toBinary(schema, create(schema, answer));
}
