import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import type { Config } from "./config/config.js";
import { keepFresh } from "./config/keep-fresh.js";
import { isJwksUrl, loadJwks } from "./config/load-jwks.js";
import type { JwtConfig, TlsConfig } from "./config/resolve-auth.js";
import { parseApiKeyFile } from "./interceptors/api-key-file.js";
import type { Authenticate } from "./interceptors/authenticate.js";
import { authenticateApiKey } from "./interceptors/authenticate-api-key.js";
import {
  authenticateCredentials,
  type VerifyToken,
} from "./interceptors/authenticate-credentials.js";
import { authenticateDev } from "./interceptors/authenticate-dev.js";
import { authenticateJwt } from "./interceptors/authenticate-jwt.js";
import { authenticateMtls } from "./interceptors/authenticate-mtls.js";
import { type JwtKeys, openJwks, staticKey } from "./interceptors/jwt-keys.js";
import { Tls, type TlsMaterial } from "./transport/tls.js";

/** What lets callers in. */
export interface Doors {
  readonly authenticate: Authenticate;
  /** Undefined: plaintext. */
  readonly tls: Tls | undefined;
  /** Stops watching the files. */
  close(): void;
}

/** @throws when a key set, a file of API keys or a certificate cannot be used */
export async function openDoors(config: Config, logger: Logger): Promise<Doors> {
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const closer of closers) closer();
  };
  const keep: Keep = (files, read) => {
    closers.push(keepFresh(files, read, logger));
  };
  try {
    const { auth } = config;
    const tls = config.tls && openTls(config.tls, keep);
    if (auth.mode === "dev") {
      logger.warn(
        "auth=dev: every caller may act for any tenant; for development on this machine only",
      );
      return { authenticate: authenticateDev, tls, close };
    }
    const authenticate = authenticateCredentials({
      jwt: auth.jwt && (await openJwt(auth.jwt, logger)),
      apiKey: auth.apiKeysFile === undefined ? undefined : openApiKeys(auth.apiKeysFile, keep),
      mtls: auth.mtls ? authenticateMtls : undefined,
    });
    return { authenticate, tls, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Reads files now, and again when they change, until the doors are closed. */
type Keep = (files: readonly string[], read: () => void) => void;

async function openJwt({ key, ...options }: JwtConfig, logger: Logger): Promise<VerifyToken> {
  return authenticateJwt({ ...options, keys: await openKeys(key, logger) });
}

async function openKeys(key: JwtConfig["key"], logger: Logger): Promise<JwtKeys> {
  if (key.kind === "static") return staticKey(key.key);
  const { from } = key;
  const maxAgeMs = isJwksUrl(from) ? 300_000 : 1_000;
  return openJwks({
    load: () => loadJwks(from),
    maxAgeMs,
    maxStaleMs: 3_600_000,
    onError: (error) => {
      logger.error({ err: error }, "the key set cannot be read again");
    },
  });
}

function openApiKeys(file: string, keep: Keep): VerifyToken {
  let keys: ReturnType<typeof parseApiKeyFile> = new Map();
  keep([file], () => {
    keys = parseApiKeyFile(readFileSync(file, "utf8"));
  });
  return authenticateApiKey(() => keys);
}

function openTls({ certFile, keyFile, clientCaFile }: TlsConfig, keep: Keep): Tls {
  const read = (): TlsMaterial => ({
    cert: readFileSync(certFile, "utf8"),
    key: readFileSync(keyFile, "utf8"),
    clientCa: clientCaFile === undefined ? undefined : readFileSync(clientCaFile, "utf8"),
  });
  const tls = new Tls(read());
  const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  keep(files, () => {
    tls.reload(read());
  });
  return tls;
}
