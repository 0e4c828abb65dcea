import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetStreamRequest,
  GetStreamResponseSchema,
} from "@annals/proto/annals/v1/event_store";
import { type Call, tenantOf } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { getStream } from "../../service/get-stream.js";
import { parseStreamId } from "../codec/stream-id.js";
import { toStreamInfo } from "./read.js";

/** EventStore/GetStream. */
export function getStreamRpc(
  context: ServiceContext,
): (
  request: GetStreamRequest,
  call: Call,
) => Promise<MessageInitShape<typeof GetStreamResponseSchema>> {
  return async (request, call) => {
    const stream = parseStreamId(request.stream, "stream");
    const info = await getStream(context, tenantOf(call), stream, call);
    return { stream: toStreamInfo(stream, info) };
  };
}
