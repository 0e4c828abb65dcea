import { AsyncLocalStorage } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import { AnnalsError } from "@annals/client";
import { importSPKI, type JWTPayload, jwtVerify } from "jose";

const currentToken = new AsyncLocalStorage<string>();

/** Checks bearer tokens by the issuer's public key. */
export async function tokenVerifier(
  publicKeyFile: string,
): Promise<(token: string) => Promise<JWTPayload>> {
  const algorithm = "ES256";
  const key = await importSPKI(await readFile(publicKeyFile, "utf8"), algorithm);
  return async (token) => {
    const options = { algorithms: [algorithm], audience: "annals", requiredClaims: ["exp"] };
    const { payload } = await jwtVerify(token, key, options);
    return payload;
  };
}

/** Runs a request with its caller's token, verified before. */
export function withToken(authorization: string | undefined, run: () => void): void {
  currentToken.run(authorization?.replace(/^Bearer +/i, "") ?? "", run);
}

/**
 * The caller's own token goes on to Annals, which verifies it again: a mistake of the shop cannot name
 * another tenant.
 *
 * @throws AnnalsError unauthenticated outside of a request
 */
export function callersToken(): string {
  const token = currentToken.getStore();
  if (token === undefined) throw new AnnalsError("unauthenticated", "there is no caller", {});
  return token;
}
