import type { KeyObject } from "node:crypto";
import type { Fault, SettingValues, Surroundings } from "./config.js";
import { parseKey, readKey } from "./jwt-key.js";

/** How callers are known. */
export type AuthConfig =
  | { readonly mode: "dev" }
  | {
      readonly mode: "credentials";
      readonly jwt: JwtConfig | undefined;
      /** The file of API keys; undefined: they are not accepted. */
      readonly apiKeysFile: string | undefined;
      readonly mtls: boolean;
    };

export interface JwtConfig {
  readonly key:
    | { readonly kind: "static"; readonly key: Uint8Array | KeyObject }
    | { readonly kind: "jwks"; readonly from: string };
  readonly algorithms: readonly string[];
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly clockSkewSeconds: number;
}

export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** With it, every client needs a certificate; undefined: none is asked for. */
  readonly clientCaFile: string | undefined;
}

/** Refuses what would leave a door open, and says why. */
export function resolveAuth(
  values: SettingValues,
  surroundings: Surroundings,
  faults: Fault[],
): AuthConfig {
  const { auth, grpcAddress, httpAddress } = values;
  const exposed = [grpcAddress, httpAddress].filter(
    (address) => address !== "off" && !isLoopback(address),
  );
  if (auth.includes("dev")) {
    for (const address of exposed) {
      const problem = `dev believes whatever tenant a caller names, so it is allowed only on loopback, not on ${address}; use jwt`;
      faults.push({ key: "auth", problem });
    }
    return { mode: "dev" };
  }
  const apiKeys = auth.includes("api-key");
  const mtls = auth.includes("mtls");
  if (apiKeys && values.authApiKeysFile === undefined) {
    faults.push({ key: "authApiKeysFile", problem: "auth=api-key needs it" });
  }
  if (mtls && values.tlsClientCaFile === undefined) {
    faults.push({ key: "tlsClientCaFile", problem: "auth=mtls needs it" });
  }
  for (const address of exposed) {
    if (values.authAllowPlaintext || values.tlsCertFile !== undefined) continue;
    const problem = `credentials would come over plaintext to ${address}; set tlsCertFile, or authAllowPlaintext behind a proxy that ends TLS`;
    faults.push({ key: "auth", problem });
  }
  return {
    mode: "credentials",
    jwt: auth.includes("jwt") ? resolveJwt(values, surroundings, faults) : undefined,
    apiKeysFile: apiKeys ? values.authApiKeysFile : undefined,
    mtls,
  };
}

/** The certificate and its key come together; client certificates need both. */
export function resolveTls(values: SettingValues, faults: Fault[]): TlsConfig | undefined {
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tlsClientCaFile: clientCaFile } = values;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, clientCaFile };
  if (certFile !== undefined) faults.push({ key: "tlsKeyFile", problem: "tlsCertFile needs it" });
  else if (keyFile !== undefined || clientCaFile !== undefined) {
    faults.push({ key: "tlsCertFile", problem: "tlsKeyFile and tlsClientCaFile need it" });
  }
  return undefined;
}

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":"));
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function resolveJwt(values: SettingValues, { readFile }: Surroundings, faults: Fault[]): JwtConfig {
  const { key, usual, family } =
    values.authJwtJwks === undefined
      ? parseStatic(readKey(values, readFile, faults), faults)
      : resolveJwks(values, values.authJwtJwks, faults);
  const algorithms = values.authJwtAlgorithms ?? usual;
  for (const algorithm of algorithms) {
    if (!family.test(algorithm)) {
      faults.push({ key: "authJwtAlgorithms", problem: `${algorithm} does not go with the key` });
    }
  }
  return {
    key,
    algorithms,
    issuer: values.authJwtIssuer,
    audience: values.authJwtAudience,
    clockSkewSeconds: values.authJwtClockSkewSeconds,
  };
}

interface KeyChoice {
  readonly key: JwtConfig["key"];
  /** The algorithms when none is named. */
  readonly usual: readonly string[];
  /** Those that go with the key: a public key never verifies as a secret. */
  readonly family: RegExp;
}

function parseStatic(text: string, faults: Fault[]): KeyChoice {
  const { key, usual, family } = parseKey(text, faults);
  return { key: { kind: "static", key }, usual: [usual], family };
}

function resolveJwks(values: SettingValues, from: string, faults: Fault[]): KeyChoice {
  if (values.authJwtKey !== undefined || values.authJwtKeyFile !== undefined) {
    faults.push({ key: "authJwtJwks", problem: "goes with no other key" });
  }
  const plain = /^http:\/\//i.test(from);
  if (plain && !(URL.canParse(from) && isLoopback(`${new URL(from).hostname}:0`))) {
    faults.push({ key: "authJwtJwks", problem: "must be https, or http on loopback" });
  }
  return {
    key: { kind: "jwks", from },
    usual: ["RS256", "ES256", "EdDSA"],
    family: /^([RPE]S(256|384|512)|EdDSA|Ed25519)$/,
  };
}
