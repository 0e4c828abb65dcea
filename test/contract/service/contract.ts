import type { AnnalsServer } from "#server/compose.js";
import type { OpenTransport } from "../../support/client.js";

/** A transport under the service contract. */
export interface ServiceContract {
  readonly name: string;
  readonly transport: OpenTransport;
  /** The port of the server that speaks it. */
  readonly addressOf: (server: AnnalsServer) => string;
  /** Messages are JSON: what JSON has no form for cannot be sent. */
  readonly json?: boolean;
}
