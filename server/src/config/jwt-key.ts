import { createPublicKey, type KeyObject } from "node:crypto";
import type { Fault, SettingValues } from "./config.js";

/** The text of the key, from the variable or the file. */
export function readKey(
  { authJwtKey, authJwtKeyFile }: SettingValues,
  readFile: (file: string) => string,
  faults: Fault[],
): string {
  if ((authJwtKey === undefined) === (authJwtKeyFile === undefined)) {
    faults.push({
      key: "authJwtKey",
      problem: "auth=jwt needs one of authJwtKey, authJwtKeyFile and authJwtJwks",
    });
    return "";
  }
  if (authJwtKeyFile === undefined) return authJwtKey ?? "";
  try {
    return readFile(authJwtKeyFile).trimEnd();
  } catch (error) {
    faults.push({ key: "authJwtKeyFile", problem: `cannot be read: ${String(error)}` });
    return "";
  }
}

/** A key, and what goes with it. */
export interface ParsedKey {
  readonly key: Uint8Array | KeyObject;
  /** The algorithm when none is named. */
  readonly usual: string;
  /** The algorithms that the key can be used with: a secret never verifies as a public key. */
  readonly family: RegExp;
}

/**
 * A secret, or a public key in PEM. What everybody knows is no secret: a public key in another form is refused,
 * for whoever has it could make tokens.
 */
export function parseKey(text: string, faults: Fault[]): ParsedKey {
  if (!text.includes("-----BEGIN ")) {
    if (isPublicKey(text)) {
      const problem =
        "is no secret, but a public key that is not in PEM, or a JWK (see authJwtJwks)";
      faults.push({ key: "authJwtKey", problem });
    }
    const key = new TextEncoder().encode(text);
    if (text !== "" && key.byteLength < 32) {
      faults.push({ key: "authJwtKey", problem: "a secret must have 32 bytes or more" });
    }
    return { key, usual: "HS256", family: /^HS(256|384|512)$/ };
  }
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType === "rsa") {
      return { key, usual: "RS256", family: /^[RP]S(256|384|512)$/ };
    }
    if (key.asymmetricKeyType === "ec") return { key, usual: "ES256", family: /^ES(256|384|512)$/ };
    return { key, usual: "EdDSA", family: /^(EdDSA|Ed25519)$/ };
  } catch {
    faults.push({ key: "authJwtKey", problem: "is not a public key in PEM" });
    return { key: new Uint8Array(), usual: "HS256", family: /^/ };
  }
}

/** Whether a text is a public key as a JWK or a key set, in base64 without PEM's lines, or for SSH. */
function isPublicKey(text: string): boolean {
  if (/^\s*\{[^]*"(kty|keys)"/.test(text) || /^\s*(ssh|ecdsa|sk)-\S+ AAAA/.test(text)) return true;
  try {
    createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
    return true;
  } catch {
    return false;
  }
}
