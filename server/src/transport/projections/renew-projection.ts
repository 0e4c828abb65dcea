import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  RenewProjectionRequest,
  RenewProjectionResponseSchema,
} from "@annals/proto/annals/v1/projections";
import type { Call } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { changeHeld } from "../../service/projections/change-held.js";
import { parseClaim } from "./claim.js";
import { parseLeaseMs } from "./lease.js";

/** Projections/RenewProjection. */
export function renewProjectionRpc(
  context: ServiceContext,
): (
  request: RenewProjectionRequest,
  call: Call,
) => Promise<MessageInitShape<typeof RenewProjectionResponseSchema>> {
  return async (request, call) => {
    const claim = parseClaim(call, request);
    const leaseMs = parseLeaseMs(request.leaseMs, 1);
    const leasedUntil = context.clock() + BigInt(leaseMs) * 1_000n;
    await changeHeld(context, claim, (projection) => ({ ...projection, leasedUntil }), call);
    return {};
  };
}
