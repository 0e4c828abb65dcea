import { Projections } from "@annals/proto/annals/v1/projections";
import type { Scope } from "../../interceptors/call.js";
import type { ServiceContext } from "../../service/context.js";
import { type Rpc, unary } from "../rpc.js";
import { acquireProjectionRpc } from "./acquire-projection.js";
import { deleteProjectionRpc } from "./delete-projection.js";
import { getProjectionRpc } from "./get-projection.js";
import { listDeadLettersRpc } from "./list-dead-letters.js";
import { listProjectionsRpc } from "./list-projections.js";
import { releaseProjectionRpc } from "./release-projection.js";
import { removeDeadLetterRpc } from "./remove-dead-letter.js";
import { renewProjectionRpc } from "./renew-projection.js";
import { saveProgressRpc } from "./save-progress.js";

/** annals.v1.Projections: each RPC, the scope that opens it, and what it does. */
export function projectionsRpcs(context: ServiceContext): readonly Rpc[] {
  const { method } = Projections;
  const scopes: readonly [Scope] = ["projections"];
  return [
    unary(method.acquireProjection, scopes, acquireProjectionRpc(context)),
    unary(method.renewProjection, scopes, renewProjectionRpc(context)),
    unary(method.releaseProjection, scopes, releaseProjectionRpc(context)),
    unary(method.saveProgress, scopes, saveProgressRpc(context)),
    unary(method.getProjection, scopes, getProjectionRpc(context)),
    unary(method.listProjections, scopes, listProjectionsRpc(context)),
    unary(method.deleteProjection, scopes, deleteProjectionRpc(context)),
    unary(method.listDeadLetters, scopes, listDeadLettersRpc(context)),
    unary(method.removeDeadLetter, scopes, removeDeadLetterRpc(context)),
  ];
}
