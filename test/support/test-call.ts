import { BaseCall } from "#server/interceptors/base-call.js";
import type { Scope } from "#server/interceptors/call.js";
import type { Identity } from "#server/interceptors/identity.js";

interface TestCallParts {
  readonly peer?: string;
  /** In Unix milliseconds. */
  readonly deadline?: number;
  readonly scopes?: readonly Scope[];
  /** What its `x-tenant-id` holds. */
  readonly tenantIds?: readonly string[];
}

/** A call that came over no connection. */
export class TestCall extends BaseCall {
  readonly peer: string;
  readonly deadline: number | undefined;
  readonly #tenantIds: readonly string[];

  constructor(kind: "unary" | "streaming" = "unary", parts: TestCallParts = {}) {
    const { peer = "127.0.0.1:1", deadline, scopes = [], tenantIds = [] } = parts;
    super({ method: "Test/Test", streaming: kind === "streaming", scopes });
    this.peer = peer;
    this.deadline = deadline;
    this.#tenantIds = tenantIds;
  }

  metadata(): readonly string[] {
    return this.#tenantIds;
  }

  peerCertificate(): undefined {
    return undefined;
  }
}

/** Somebody's API key, for no tenant unless told otherwise. */
export function newIdentity(parts: Partial<Identity> = {}): Identity {
  return {
    ...{ method: "api-key", subject: "tester", tenants: [], scopes: new Set() },
    expiresAt: Infinity,
    ...parts,
  };
}
