import { randomUUID } from "node:crypto";
import { AnnalsError } from "../../domain/error.js";
import type { TenantId } from "../../domain/tenant.js";
import type { PeerCertificate } from "../../interceptors/authenticate-mtls.js";
import type { Call, Scope } from "../../interceptors/call.js";
import type { Identity } from "../../interceptors/identity.js";
import { nameOfRpc, type Rpc } from "../rpc.js";
import type { Exchange } from "./exchange.js";
import { parseTimeout } from "./timeout.js";

/** A call over HTTP as the interceptors see it. */
export class HttpCall implements Call {
  readonly method: string;
  readonly streaming: boolean;
  readonly scopes: readonly Scope[];
  readonly requestId: string = randomUUID();
  readonly peer: string;
  readonly metadata: (key: string) => readonly string[];
  identity?: Identity;
  blocked?: boolean;
  tenantId?: TenantId;
  readonly #began = Date.now();
  readonly #controller = new AbortController();

  constructor(
    rpc: Rpc,
    private readonly exchange: Exchange,
  ) {
    this.method = nameOfRpc(rpc);
    this.streaming = rpc.kind !== "unary";
    this.scopes = rpc.scopes;
    this.peer = exchange.peer;
    this.metadata = exchange.header;
    const lost = (): void => {
      this.abort(new AnnalsError({ reason: "cancelled", outcomeUnknown: true }));
    };
    exchange.signal.addEventListener("abort", lost);
    if (exchange.signal.aborted) lost();
  }

  /** @throws AnnalsError invalid_argument when the caller says it wrongly */
  get deadline(): number | undefined {
    const timeoutMs = parseTimeout(this.exchange);
    return timeoutMs === undefined ? undefined : this.#began + timeoutMs;
  }

  peerCertificate(): PeerCertificate | undefined {
    return this.exchange.peerCertificate();
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  get reason(): unknown {
    return this.signal.reason as unknown;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: AnnalsError): void {
    this.#controller.abort(reason);
  }

  /** The caller takes nothing of the answer: nobody is told, the exchange is cut off. */
  hangUp(reason: AnnalsError): void {
    this.abort(reason);
    this.exchange.hangUp();
  }
}
