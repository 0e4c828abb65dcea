import { EventStore } from "@annals/proto/annals/v1/event_store";
import type { ServiceContext } from "../../service/context.js";
import { appendByHand, appendStreamByHand } from "../codec/append-by-hand.js";
import { bidiStreaming, type Rpc, serverStreaming, unary } from "../rpc.js";
import { appendRpc } from "./append.js";
import { type AppendStreamOptions, appendStreamRpc } from "./append-stream.js";
import { getEventRpc } from "./get-event.js";
import { getEventsByTypeRpc } from "./get-events-by-type.js";
import { getHeadRpc } from "./get-head.js";
import { getStreamRpc } from "./get-stream.js";
import { readRpc } from "./read.js";
import { readAllRpc } from "./read-all.js";

/** annals.v1.EventStore: each RPC, the scopes that open it, and what it does. */
export function eventStoreRpcs(
  context: ServiceContext,
  options: AppendStreamOptions,
): readonly Rpc[] {
  const { method } = EventStore;
  const reading = ["events:read"] as const;
  const readingAny = ["events:read", "events:read:all-tenants"] as const;
  return [
    unary(method.append, ["events:append"], appendRpc(context), appendByHand),
    bidiStreaming(
      method.appendStream,
      ["events:append"],
      appendStreamRpc(context, options),
      appendStreamByHand,
    ),
    serverStreaming(method.read, reading, readRpc(context)),
    serverStreaming(method.readAll, readingAny, readAllRpc(context)),
    unary(method.getEventsByType, reading, getEventsByTypeRpc(context)),
    unary(method.getEvent, reading, getEventRpc(context)),
    unary(method.getStream, reading, getStreamRpc(context)),
    unary(method.getHead, readingAny, getHeadRpc(context)),
  ];
}
