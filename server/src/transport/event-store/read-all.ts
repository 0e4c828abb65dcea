import type { ReadAllRequest, ReadAllResponseSchema } from "@annals/proto/annals/v1/event_store";
import { assertScope, type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { readLog, readWholeLog } from "../../service/read-log.js";
import { isAllTenants } from "../codec/direction.js";
import { toCheckpoint } from "../codec/checkpoint.js";
import type { Answer } from "../shared-answer.js";
import { followLogRpc, followWholeLogRpc } from "./follow-log.js";
import { toLogHead, toWholeLogHead } from "./get-head.js";
import { tenantPage, wholePage } from "./log-page.js";
import {
  parseTenantFilter,
  parseTenantStart,
  parseWholeFilter,
  parseWholeStart,
} from "./log-start.js";

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
): AsyncIterable<Answer<typeof ReadAllResponseSchema>> {
  const command = { ...parseTenantStart(request.start), ...parseTenantFilter(request) };
  const reading = await readLog(context, tenantOf(call), command, call.signal);
  yield { head: toLogHead(reading.head) };
  for await (const { events, scannedTo, atEnd } of reading.pages) {
    if (events.length > 0) {
      yield tenantPage(events);
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
): AsyncIterable<Answer<typeof ReadAllResponseSchema>> {
  assertScope(call, "events:read:all-tenants");
  const command = {
    ...parseWholeStart(request.start, context.store),
    ...parseWholeFilter(request),
  };
  const reading = await readWholeLog(context, command, call.signal);
  yield { head: toWholeLogHead(reading.head) };
  for await (const { events, scannedTo, atEnd } of reading.pages) {
    if (events.length > 0) {
      yield wholePage(events, scannedTo);
    }
    if (events.length === 0 || atEnd) {
      yield { answer: { case: "checkpoint", value: toCheckpoint({ cursor: scannedTo }) } };
    }
  }
}
