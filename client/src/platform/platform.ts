import type { Transport } from "@connectrpc/connect";

/** A way to a server. */
export interface OpenTransport {
  readonly transport: Transport;
  /** Ends every call. Idempotent. */
  readonly close: () => void;
}
