import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CheckpointSchema,
  ReadAllRequest,
  ReadAllResponseSchema,
} from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import { assertScope, type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { followLog, followWholeLog } from "../../service/follow-log.js";
import { toCheckpoint } from "../codec/checkpoint.js";
import type { Answer } from "../shared-answer.js";
import { tenantPage, wholePage } from "./log-page.js";
import { toLogHead, toWholeLogHead } from "./get-head.js";
import {
  type LogStart,
  parseTenantFilter,
  parseTenantStart,
  parseWholeFilter,
  parseWholeStart,
} from "./log-start.js";

type Response = MessageInitShape<typeof ReadAllResponseSchema>;

/** ReadAll with follow, of the caller's tenant's log. */
export async function* followLogRpc(
  context: ServiceContext,
  request: ReadAllRequest,
  call: Call,
): AsyncIterable<Answer<typeof ReadAllResponseSchema>> {
  const command = {
    from: startOf(parseTenantStart(request.start)) ?? 0n,
    ...parseTenantFilter(request),
  };
  for await (const step of followLog(context, tenantOf(call), command, call.signal)) {
    if (step.kind === "head") yield { head: toLogHead(step.head) };
    else if (step.kind === "page") {
      yield tenantPage(step.events);
    } else yield markOf(step.kind, toCheckpoint({ position: step.scannedTo }));
  }
}

/** ReadAll with follow, of the whole log. */
export async function* followWholeLogRpc(
  context: ServiceContext,
  request: ReadAllRequest,
  call: Call,
): AsyncIterable<Answer<typeof ReadAllResponseSchema>> {
  assertScope(call, "events:read:all-tenants");
  const { store } = context;
  const command = {
    from: startOf(parseWholeStart(request.start, context.store)) ?? "",
    ...parseWholeFilter(request),
  };
  for await (const step of followWholeLog(context, command, call.signal)) {
    if (step.kind === "head") {
      yield { head: toWholeLogHead(step.head) };
      continue;
    }
    const cursor = store.cursorOf(step.scannedTo);
    if (step.kind === "page") {
      yield wholePage(step.events, cursor);
    } else {
      yield markOf(step.kind, toCheckpoint({ cursor }));
    }
  }
}

function startOf<Place>({ direction, from }: LogStart<Place>): Place | undefined {
  if (direction === "forwards") return from;
  throw invalidArgument("follow", "reads forwards; start is backwards");
}

function markOf(
  kind: "checkpoint" | "caught_up" | "fell_behind",
  checkpoint: MessageInitShape<typeof CheckpointSchema>,
): Response {
  switch (kind) {
    case "checkpoint":
      return { answer: { case: "checkpoint", value: checkpoint } };
    case "caught_up":
      return { answer: { case: "caughtUp", value: { checkpoint } } };
    case "fell_behind":
      return { answer: { case: "fellBehind", value: { checkpoint } } };
    default:
      return kind satisfies never;
  }
}
