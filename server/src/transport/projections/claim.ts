import type { Scope } from "@annals/proto/annals/v1/event_store";
import { invalidArgument } from "../../domain/error.js";
import { parseName } from "../../domain/name.js";
import type { Call } from "../../interceptors/call.js";
import type { Claim } from "../../service/projections/change-held.js";
import { ownerOf } from "./owner-of.js";

/** The claim that a request names. @throws AnnalsError invalid_argument, permission_denied */
export function parseClaim(
  call: Call,
  request: { readonly scope: Scope; readonly name: string; readonly fence: bigint },
): Claim {
  const { scope, fence } = request;
  if (fence === 0n) throw invalidArgument("fence", "must be at least 1");
  return { owner: ownerOf(call, scope), name: parseName(request.name, "name"), fence };
}
