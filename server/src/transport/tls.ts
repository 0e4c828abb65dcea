import {
  createSecureContext,
  type PeerCertificate as NodeCertificate,
  type SecureContextOptions,
} from "node:tls";
import type { PeerCertificate } from "../interceptors/authenticate-mtls.js";

/** PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** With it, every client must have a certificate of one of these authorities. */
  readonly clientCa: string | undefined;
}

/** TLS for the listeners, with a certificate that can be changed while they listen. */
export class Tls {
  /** Whether every client must have a certificate. */
  readonly clientCertificate: boolean;
  #options: SecureContextOptions;
  readonly #listeners: ((options: SecureContextOptions) => void)[] = [];

  /** @throws when the certificate and the key are not usable, or not of each other */
  constructor(material: TlsMaterial) {
    this.clientCertificate = material.clientCa !== undefined;
    this.#options = checked(material);
  }

  get options(): SecureContextOptions {
    return this.#options;
  }

  /**
   * For connections from now on; those that are open keep theirs.
   *
   * @throws as the constructor does; the certificate in use stays
   */
  reload(material: TlsMaterial): void {
    this.#options = checked(material);
    for (const listener of this.#listeners) listener(this.#options);
  }

  /** For as long as the server runs. */
  onReload(listener: (options: SecureContextOptions) => void): void {
    this.#listeners.push(listener);
  }
}

/** What interceptors see of a client's certificate. */
export function toPeerCertificate(certificate: NodeCertificate): PeerCertificate {
  return {
    fingerprint: certificate.fingerprint256,
    alternativeNames: certificate.subjectaltname ?? "",
    expiresAt: Date.parse(certificate.valid_to),
  };
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
