import { randomUUID } from "node:crypto";
import type { ServerUnaryCall } from "@grpc/grpc-js";
import { AnnalsError } from "../../domain/error.js";
import type { TenantId } from "../../domain/tenant.js";
import type { PeerCertificate } from "../../interceptors/authenticate-mtls.js";
import type { Call, Scope } from "../../interceptors/call.js";
import type { Identity } from "../../interceptors/identity.js";
import { nameOfRpc, type Rpc } from "../rpc.js";
import { toPeerCertificate } from "../tls.js";

/** What all four kinds of grpc-js call have in common. */
type SurfaceCall = Pick<
  ServerUnaryCall<unknown, unknown>,
  "metadata" | "getPeer" | "getDeadline" | "getAuthContext"
> & { once(event: "cancelled", listener: () => void): unknown };

/** What is the same for every call of an RPC. */
export interface RpcTraits {
  readonly method: string;
  readonly streaming: boolean;
  readonly scopes: readonly Scope[];
}

/** Works out an RPC's traits, once. */
export function traitsOf(rpc: Rpc): RpcTraits {
  return { method: nameOfRpc(rpc), streaming: rpc.kind !== "unary", scopes: rpc.scopes };
}

/** A grpc-js call as the interceptors see it. What few calls need is made only when it is asked for. */
export class GrpcCall implements Call {
  readonly method: string;
  readonly streaming: boolean;
  readonly scopes: readonly Scope[];
  readonly requestId: string = randomUUID();
  readonly deadline: number | undefined;
  identity?: Identity;
  blocked?: boolean;
  tenantId?: TenantId;
  #reason: AnnalsError | undefined;
  #controller: AbortController | undefined;
  #answered = false;

  constructor(
    traits: RpcTraits,
    private readonly surface: SurfaceCall,
  ) {
    this.method = traits.method;
    this.streaming = traits.streaming;
    this.scopes = traits.scopes;
    this.deadline = toUnixMs(surface.getDeadline());
    surface.once("cancelled", () => {
      if (!this.#answered) this.abort(this.#lost());
    });
  }

  get peer(): string {
    return this.surface.getPeer();
  }

  peerCertificate(): PeerCertificate | undefined {
    const certificate = this.surface.getAuthContext().sslPeerCertificate;
    return certificate && toPeerCertificate(certificate);
  }

  metadata(key: string): readonly string[] {
    return this.surface.metadata.get(key).map(String);
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: AnnalsError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** The call has its answer. grpc-js says "cancelled" when any call closes, also one that went well. */
  answered(): void {
    this.#answered = true;
  }

  /** grpc-js cancels a call when its caller goes away, and when its deadline passes. */
  #lost(): AnnalsError {
    const passed = this.deadline !== undefined && Date.now() >= this.deadline;
    return new AnnalsError({
      reason: passed ? "deadline_exceeded" : "cancelled",
      outcomeUnknown: true,
    });
  }
}

function toUnixMs(deadline: Date | number): number | undefined {
  const ms = typeof deadline === "number" ? deadline : deadline.getTime();
  return Number.isFinite(ms) ? ms : undefined;
}
