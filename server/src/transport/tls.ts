import { createPrivateKey, X509Certificate } from "node:crypto";
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

/** Node itself passes over what it cannot read, and trusts its own authorities where it is given none. */
function checked({ cert, key, clientCa }: TlsMaterial): SecureContextOptions {
  assertCertificates("tlsCertFile", cert);
  assertPrivateKey("tlsKeyFile", key);
  if (clientCa !== undefined) assertCertificates("tlsClientCaFile", clientCa);
  const options: SecureContextOptions = {
    cert,
    key,
    minVersion: "TLSv1.2",
    ...(clientCa === undefined ? {} : { ca: clientCa }),
  };
  createSecureContext(options);
  return options;
}

const certificateBlock = /^-----BEGIN CERTIFICATE-----\s[^-]*^-----END CERTIFICATE-----\s*$/gm;

/** @throws unless there is a certificate, and no PEM block is anything else or cut short */
function assertCertificates(setting: string, pem: string): void {
  const blocks = pem.match(certificateBlock) ?? [];
  const others = pem.replaceAll(certificateBlock, "");
  if (blocks.length === 0 || /^-----/m.test(others)) {
    throw new Error(
      `${setting} must hold whole certificates in PEM, one or more, and no other block`,
    );
  }
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new Error(`${setting} holds a certificate that cannot be read`, { cause });
    }
  }
}

function assertPrivateKey(setting: string, pem: string): void {
  try {
    createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${setting} must hold a private key in PEM, not encrypted`, { cause });
  }
}
