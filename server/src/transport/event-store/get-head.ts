import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetHeadRequest,
  GetHeadResponseSchema,
  LogHeadSchema,
} from "@annals/proto/annals/v1/event_store";
import type { LogHead, WholeLogHead } from "../../domain/log.js";
import { assertScope, type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { isAllTenants } from "../codec/direction.js";
import { toTimestamp } from "../codec/timestamp.js";

type ProtoLogHead = MessageInitShape<typeof LogHeadSchema>;

/** EventStore/GetHead. */
export function getHeadRpc({
  store,
}: ServiceContext): (
  request: GetHeadRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetHeadResponseSchema>> {
  return async (request, call) => {
    if (!isAllTenants(request.scope, "scope")) {
      return { head: toLogHead(await store.getHead(tenantOf(call), call)) };
    }
    assertScope(call, "events:read:all-tenants");
    return { head: toWholeLogHead(await store.getWholeHead(call)) };
  };
}

/** A tenant's head: nothing in it tells of other tenants. */
export function toLogHead({ position, recordedAt }: LogHead): ProtoLogHead {
  return { position, ...(recordedAt === undefined ? {} : { recordedAt: toTimestamp(recordedAt) }) };
}

/** The whole log's head, for the all-tenants scope only. */
export function toWholeLogHead({ cursor, globalPosition, recordedAt }: WholeLogHead): ProtoLogHead {
  return {
    cursor,
    globalPosition,
    ...(recordedAt === undefined ? {} : { recordedAt: toTimestamp(recordedAt) }),
  };
}
