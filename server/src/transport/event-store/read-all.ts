import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ReadAllRequest, ReadAllResponseSchema } from "@annals/proto/annals/v1/event_store";
import { assertScope, type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { readLog, readWholeLog } from "../../service/read-log.js";
import { isAllTenants } from "../codec/direction.js";
import { toCheckpoint } from "../codec/checkpoint.js";
import { toRecordedEvent } from "../codec/recorded-event.js";
import type { Answer } from "../shared-answer.js";
import { followLogRpc, followWholeLogRpc } from "./follow-log.js";
import { toLogHead, toWholeLogHead } from "./get-head.js";
import {
  parseTenantFilter,
  parseTenantStart,
  parseWholeFilter,
  parseWholeStart,
} from "./log-start.js";

type Response = MessageInitShape<typeof ReadAllResponseSchema>;

/** EventStore/ReadAll. */
export function readAllRpc(
  context: ServiceContext,
): (request: ReadAllRequest, call: Call) => AsyncIterable<Answer<typeof ReadAllResponseSchema>> {
  return (request, call) => {
    const whole = isAllTenants(request.scope, "scope");
    if (request.follow) {
      return whole
        ? followWholeLogRpc(context, request, call)
        : followLogRpc(context, request, call);
    }
    return whole ? readWhole(context, request, call) : readTenant(context, request, call);
  };
}

async function* readTenant(
  context: ServiceContext,
  request: ReadAllRequest,
  call: Call,
): AsyncIterable<Response> {
  const command = { ...parseTenantStart(request.start), ...parseTenantFilter(request) };
  const reading = await readLog(context, tenantOf(call), command, call.signal);
  yield { head: toLogHead(reading.head) };
  for await (const { events, scannedTo, atEnd } of reading.pages) {
    if (events.length > 0) {
      yield { answer: { case: "page", value: { events: events.map(toRecordedEvent) } } };
    }
    if (events.length === 0 || atEnd) {
      yield { answer: { case: "checkpoint", value: toCheckpoint({ position: scannedTo }) } };
    }
  }
}

async function* readWhole(
  context: ServiceContext,
  request: ReadAllRequest,
  call: Call,
): AsyncIterable<Response> {
  assertScope(call, "events:read:all-tenants");
  const command = { ...parseWholeStart(request.start), ...parseWholeFilter(request) };
  const reading = await readWholeLog(context, command, call.signal);
  yield { head: toWholeLogHead(reading.head) };
  for await (const { events, scannedTo, atEnd } of reading.pages) {
    if (events.length > 0) {
      const page = {
        events: events.map(toRecordedEvent),
        globalPositions: events.map((event) => event.globalPosition),
        cursor: scannedTo,
      };
      yield { answer: { case: "page", value: page } };
    }
    if (events.length === 0 || atEnd) {
      yield { answer: { case: "checkpoint", value: toCheckpoint({ cursor: scannedTo }) } };
    }
  }
}
