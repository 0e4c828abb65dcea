import type { TenantId } from "../domain/tenant.js";
import type { TenantLimits } from "../domain/tenant-settings.js";
import { audit, block, type RecordAudit } from "./audit.js";
import { type Authenticate, authenticate } from "./authenticate.js";
import { authorize } from "./authorize.js";
import { deadline } from "./deadline.js";
import { expiry } from "./expiry.js";
import type { Interceptor } from "./interceptor.js";
import { mapErrors } from "./map-errors.js";
import { type CallObserver, observeCalls } from "./observe-calls.js";
import { limitOpenStreams } from "./open-streams.js";
import { type AppendRateLimits, refuseOverdrawn } from "./overdrawn.js";
import { recheck } from "./recheck.js";
import { type CallLogger, requestLog } from "./request-log.js";
import { refuseSuspended, type Suspensions } from "./suspension.js";
import type { Suspicion } from "./suspicion.js";
import { tenant } from "./tenant.js";

/** What the operator says of tenants. */
export interface TenantRules extends Suspensions {
  limitsOf(tenantId: TenantId): TenantLimits;
}

/** What the chain needs. */
export interface ChainOptions {
  readonly authenticate: Authenticate;
  readonly audit: RecordAudit;
  readonly suspicion: Suspicion;
  readonly logger: CallLogger;
  readonly tenants: TenantRules;
  readonly appendRates: AppendRateLimits;
  /** How often the credential of an open stream is looked at again, in milliseconds. */
  readonly recheckIntervalMs: number;
  /** Time for a unary call whose caller sets no deadline, in milliseconds. */
  readonly callTimeoutMs: number;
  readonly observers?: readonly CallObserver[];
}

/** THE CHAIN: what every call on every transport goes through, outermost first. */
export function createChain(options: ChainOptions): readonly Interceptor[] {
  return [
    ...(options.observers ?? []).map(observeCalls),
    requestLog(options.logger),
    audit(options.audit, options.suspicion),
    mapErrors(options.logger),
    deadline(options.callTimeoutMs),
    authenticate(options.authenticate),
    block(options.suspicion),
    expiry,
    recheck(options.authenticate, options.suspicion, options.recheckIntervalMs),
    tenant,
    authorize,
    refuseSuspended(options.tenants),
    refuseOverdrawn(options.appendRates),
    limitOpenStreams((tenantId) => options.tenants.limitsOf(tenantId)),
  ];
}
