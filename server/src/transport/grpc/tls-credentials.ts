import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";

/** PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** With it, every client must have a certificate of one of these authorities. */
  readonly clientCa: string | undefined;
}

/** TLS for a listener, with a certificate that can be changed while it listens. */
export class TlsCredentials extends ServerCredentials {
  /** @throws when the certificate and the key are not usable, or not of each other */
  constructor(material: TlsMaterial) {
    const clientCertificate = material.clientCa !== undefined;
    super(
      { requestCert: clientCertificate, rejectUnauthorized: clientCertificate },
      checked(material),
    );
  }

  /**
   * For connections from now on; those that are open keep theirs.
   *
   * @throws as the constructor does; the certificate in use stays
   */
  reload(material: TlsMaterial): void {
    this.updateSecureContextOptions(checked(material));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function checked({ cert, key, clientCa }: TlsMaterial): SecureContextOptions {
  const options: SecureContextOptions = {
    cert,
    key,
    minVersion: "TLSv1.2",
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  };
  createSecureContext(options);
  return options;
}
