import type { OpenTransport } from "../../support/client.js";

/** A transport under the service contract. */
export interface ServiceContract {
  readonly name: string;
  readonly transport: OpenTransport;
}
