import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  SaveProgressRequest,
  SaveProgressResponseSchema,
} from "@annals/proto/annals/v1/projections";
import { limits } from "../../domain/limits.js";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { saveProgress } from "../../service/projections/save-progress.js";
import { parseBoundedText } from "./bounded-text.js";
import { parseClaim } from "./claim.js";
import { parseDeadLetter } from "./dead-letter.js";

const placeLimit = { name: "place_bytes", maxBytes: limits.placeBytes };

/** Projections/SaveProgress. */
export function saveProgressRpc(
  context: ServiceContext,
): (
  request: SaveProgressRequest,
  call: Call,
) => Promise<MessageInitShape<typeof SaveProgressResponseSchema>> {
  return async (request, call) => {
    const claim = parseClaim(call, request);
    const place = parseBoundedText(request.place, "place", placeLimit);
    const { deadLetter } = request;
    const letter = deadLetter && parseDeadLetter(claim.owner, deadLetter);
    await saveProgress(context, claim, place, letter, call);
    return {};
  };
}
