import { ServerCredentials } from "@grpc/grpc-js";
import type { Tls } from "../tls.js";

/** TLS as grpc-js takes it. */
export class TlsCredentials extends ServerCredentials {
  constructor(tls: Tls) {
    super(
      { requestCert: tls.clientCertificate, rejectUnauthorized: tls.clientCertificate },
      tls.options,
    );
    tls.onReload((options) => {
      this.updateSecureContextOptions(options);
    });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
