import type {
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescMessage,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CallTraits } from "../interceptors/base-call.js";
import type { Call, Scope } from "../interceptors/call.js";
import type { ByHand } from "./codec/by-hand.js";
import type { Answer } from "./shared-answer.js";

/** What one RPC does, whatever transport it is called by: its road from a decoded request to an answer. */
export type Rpc = UnaryRpc | ServerStreamingRpc | BidiStreamingRpc;

interface Described<Method> {
  readonly method: Method;
  /** The credential needs one of these. There is no RPC without. */
  readonly scopes: readonly [Scope, ...Scope[]];
}

export interface UnaryRpc<
  I extends DescMessage = DescMessage,
  O extends DescMessage = DescMessage,
> extends Described<DescMethodUnary<I, O>> {
  readonly kind: "unary";
  readonly handle: (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>;
  /** For messages whose general codec would cost more than what is done for them. */
  readonly byHand?: ByHand<I, O> | undefined;
}

export interface ServerStreamingRpc<
  I extends DescMessage = DescMessage,
  O extends DescMessage = DescMessage,
> extends Described<DescMethodServerStreaming<I, O>> {
  readonly kind: "server_streaming";
  readonly handle: (request: MessageShape<I>, call: Call) => AsyncIterable<Answer<O>>;
}

export interface BidiStreamingRpc<
  I extends DescMessage = DescMessage,
  O extends DescMessage = DescMessage,
> extends Described<DescMethodBiDiStreaming<I, O>> {
  readonly kind: "bidi_streaming";
  /** As in UnaryRpc. */
  readonly byHand?: ByHand<I, O> | undefined;
  readonly handle: (
    requests: AsyncIterable<MessageShape<I>>,
    call: Call,
  ) => AsyncIterable<MessageInitShape<O>>;
}

/** Declares a unary RPC; the method's types rule the handler's. */
export function unary<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  scopes: UnaryRpc["scopes"],
  handle: UnaryRpc<I, O>["handle"],
  byHand?: ByHand<I, O>,
): Rpc {
  const rpc: UnaryRpc<I, O> = { kind: "unary", method, scopes, handle, byHand };
  return rpc;
}

/** Declares a server-streaming RPC. */
export function serverStreaming<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  scopes: ServerStreamingRpc["scopes"],
  handle: ServerStreamingRpc<I, O>["handle"],
): Rpc {
  const rpc: ServerStreamingRpc<I, O> = { kind: "server_streaming", method, scopes, handle };
  return rpc;
}

/** Declares a bidirectional RPC. */
export function bidiStreaming<I extends DescMessage, O extends DescMessage>(
  method: DescMethodBiDiStreaming<I, O>,
  scopes: BidiStreamingRpc["scopes"],
  handle: BidiStreamingRpc<I, O>["handle"],
  byHand?: ByHand<I, O>,
): Rpc {
  const rpc: BidiStreamingRpc<I, O> = { kind: "bidi_streaming", method, scopes, handle, byHand };
  return rpc;
}

/** What is the same for every call of an RPC. */
export function traitsOf(rpc: Rpc): CallTraits {
  return { method: nameOfRpc(rpc), streaming: rpc.kind !== "unary", scopes: rpc.scopes };
}

/** "annals.v1.EventStore/Append". */
export function nameOfRpc(rpc: Rpc): string {
  return `${rpc.method.parent.typeName}/${rpc.method.name}`;
}
