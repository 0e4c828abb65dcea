import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeSettings } from "#server/config/describe-settings.js";
import { type ConfigSources, ConfigError, loadConfig } from "#server/config/load-config.js";
import { tempFolder } from "./support/temp-folder.js";

const load = (sources: Partial<ConfigSources> = {}) =>
  loadConfig({ flags: {}, env: {}, file: undefined, isTerminal: false, ...sources });

/** The settings that are at fault. */
function faultsOf(sources: Partial<ConfigSources>): string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ key }) => key);
    throw error;
  }
  return [];
}

const secret = "a secret of thirty-two bytes or more";

describe("configuration", () => {
  test("has defaults that start a server on loopback, on SQLite, frozen", () => {
    const config = load();
    expect(config).toMatchObject({
      grpcAddress: "127.0.0.1:50051",
      store: { kind: "sqlite", file: "data/annals.db" },
      auth: { mode: "dev" },
      callTimeoutMs: 30_000,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test("a flag beats a variable, which beats the file, which beats the default", () => {
    const file = join(tempFolder(), "annals.json");
    writeFileSync(
      file,
      JSON.stringify({ callTimeoutMs: 1, maxQueuedAppends: 2, reflection: false }),
    );
    const env = { ANNALS_CALL_TIMEOUT_MS: "3", ANNALS_MAX_QUEUED_APPENDS: "4" };
    const config = load({ flags: { callTimeoutMs: "5" }, env, file });
    expect(config).toMatchObject({ callTimeoutMs: 5, maxQueuedAppends: 4, reflection: false });
  });

  test("every fault is listed at once", () => {
    const file = join(tempFolder(), "annals.json");
    writeFileSync(file, JSON.stringify({ maxQueuedBytes: -1, noSuchSetting: 1 }));
    const flags = { grpcAddress: "nowhere", callTimeoutMs: "soon", logLevel: "loud" };
    expect(faultsOf({ flags, file }).sort()).toEqual(
      ["callTimeoutMs", "grpcAddress", "logLevel", "maxQueuedBytes", "noSuchSetting"].sort(),
    );
    expect(faultsOf({ file: "/no/such/file.json" })).toEqual(["config"]);
    expect(faultsOf({ flags: { store: "mongo://x" } })).toEqual(["store"]);
    expect(faultsOf({ flags: { grpcAddress: "127.0.0.1:65536" } })).toEqual(["grpcAddress"]);
  });

  test("a number is a number or the text of one; what is empty, blank or of another kind is none", () => {
    for (const text of ["", " ", "soon", "7 s", "true", "Infinity"]) {
      expect(faultsOf({ env: { ANNALS_SHUTDOWN_TIMEOUT_MS: text } })).toEqual([
        "shutdownTimeoutMs",
      ]);
    }
    const file = join(tempFolder(), "annals.json");
    for (const value of [null, [], ["7"], false, true, {}, "", 1.5]) {
      writeFileSync(file, JSON.stringify({ shutdownTimeoutMs: value, tenantEventsPerDay: value }));
      expect(faultsOf({ file })).toEqual(["shutdownTimeoutMs", "tenantEventsPerDay"]);
    }
    expect(() => load({ env: { ANNALS_CALL_TIMEOUT_MS: "" } })).toThrow(
      "callTimeoutMs: must be a whole number",
    );
    writeFileSync(file, JSON.stringify({ shutdownTimeoutMs: 7, tenantEventsPerDay: "8" }));
    expect(load({ file })).toMatchObject({ shutdownTimeoutMs: 7, tenantEventsPerDay: 8 });
    expect(load({ env: { ANNALS_SHUTDOWN_TIMEOUT_MS: "1e3" } }).shutdownTimeoutMs).toBe(1_000);
  });

  test("dev mode is refused anywhere but on loopback", () => {
    for (const grpcAddress of ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "example.com:1"]) {
      expect(faultsOf({ flags: { grpcAddress } })).toEqual(["auth"]);
    }
    for (const grpcAddress of ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"]) {
      expect(faultsOf({ flags: { grpcAddress } })).toEqual([]);
    }
    for (const httpAddress of ["0.0.0.0:1", "[::]:1"]) {
      expect(faultsOf({ flags: { httpAddress } })).toEqual(["auth"]);
    }
    for (const httpAddress of ["[::1]:1", "off"]) {
      expect(faultsOf({ flags: { httpAddress } })).toEqual([]);
    }
  });

  test("an HTTP address is host:port or off, an origin is an origin", () => {
    expect(load().httpAddress).toBe("127.0.0.1:8080");
    for (const httpAddress of ["no", "8080", "127.0.0.1:65536"]) {
      expect(faultsOf({ flags: { httpAddress } })).toEqual(["httpAddress"]);
    }
    expect(load().httpCorsOrigins).toEqual([]);
    const flags = { httpCorsOrigins: "https://a.example, http://localhost:3000" };
    const origins = ["https://a.example", "http://localhost:3000"];
    expect(load({ flags }).httpCorsOrigins).toEqual(origins);
    for (const httpCorsOrigins of ["a.example", "https://a.example/", "https://a.example/x"]) {
      expect(faultsOf({ flags: { httpCorsOrigins } })).toEqual(["httpCorsOrigins"]);
    }
  });

  test("jwt needs one key, long enough, and algorithms that go with it", () => {
    const jwt = (env: Record<string, string>) =>
      faultsOf({ flags: { auth: "jwt", grpcAddress: "127.0.0.1:1" }, env });
    expect(jwt({})).toEqual(["authJwtKey"]);
    expect(jwt({ ANNALS_AUTH_JWT_KEY: "short" })).toEqual(["authJwtKey"]);
    expect(jwt({ ANNALS_AUTH_JWT_KEY: secret })).toEqual([]);
    const both = { ANNALS_AUTH_JWT_KEY: secret, ANNALS_AUTH_JWT_KEY_FILE: "x" };
    expect(jwt(both)).toEqual(["authJwtKey"]);
    expect(jwt({ ANNALS_AUTH_JWT_KEY_FILE: "/no/such/key" })).toEqual(["authJwtKeyFile"]);

    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    const withAlgorithms = (key: string, algorithms: string) =>
      jwt({ ANNALS_AUTH_JWT_KEY: key, ANNALS_AUTH_JWT_ALGORITHMS: algorithms });
    expect(withAlgorithms(pem, "RS256,PS512")).toEqual([]);
    expect(withAlgorithms(pem, "HS256")).toEqual(["authJwtAlgorithms"]);
    expect(withAlgorithms(secret, "none")).toEqual(["authJwtAlgorithms"]);
    expect(load({ flags: { auth: "jwt" }, env: { ANNALS_AUTH_JWT_KEY: pem } }).auth).toMatchObject({
      jwt: { algorithms: ["RS256"] },
    });
  });

  test("a public key is never taken for a secret, whatever stands before it and whatever its form", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    const asSecret = (key: string) => ({
      flags: { auth: "jwt", grpcAddress: "127.0.0.1:1", authJwtAlgorithms: "HS256" },
      env: { ANNALS_AUTH_JWT_KEY: key },
    });
    expect(faultsOf(asSecret(secret))).toEqual([]);
    for (const before of [
      "",
      "\ufeff",
      "\n",
      "# the issuer's key\n",
      "Bag Attributes\n    a: b\n",
    ]) {
      expect(faultsOf(asSecret(before + pem))).not.toEqual([]);
    }
    const jwk = publicKey.export({ format: "jwk" });
    const der = publicKey.export({ type: "spki", format: "der" });
    for (const key of [
      JSON.stringify(jwk),
      JSON.stringify({ keys: [jwk] }, undefined, 2),
      der.toString("base64"),
      `ssh-rsa ${der.toString("base64").replace(/^..../, "AAAA")} me`,
    ]) {
      expect(faultsOf(asSecret(key))).toEqual(["authJwtKey"]);
    }
  });

  test("credentials over plaintext are refused anywhere but on loopback, unless allowed", () => {
    const jwt = (flags: Record<string, string>) =>
      faultsOf({
        flags: { auth: "jwt", grpcAddress: "0.0.0.0:1", ...flags },
        env: { ANNALS_AUTH_JWT_KEY: secret },
      });
    expect(jwt({})).toEqual(["auth"]);
    expect(jwt({ grpcAddress: "127.0.0.1:1" })).toEqual([]);
    expect(jwt({ authAllowPlaintext: "true" })).toEqual([]);
    expect(jwt({ tlsCertFile: "c", tlsKeyFile: "k" })).toEqual([]);
  });

  test("ways to know callers that lack what they need, or go ill together, are refused", () => {
    const auth = (mode: string, flags: Record<string, string> = {}) =>
      faultsOf({ flags: { auth: mode, ...flags } });
    expect(auth("api-key")).toEqual(["authApiKeysFile"]);
    expect(auth("mtls")).toEqual(["tlsClientCaFile"]);
    expect(auth("mtls", { tlsClientCaFile: "ca" })).toEqual(["tlsCertFile"]);
    expect(auth("dev,jwt")).toEqual(["auth"]);
    const jwks = (from: string, flags = {}) => auth("jwt", { authJwtJwks: from, ...flags });
    expect(jwks("https://issuer.example/keys")).toEqual([]);
    expect(jwks("http://issuer.example/keys")).toEqual(["authJwtJwks"]);
    expect(jwks("keys.json", { authJwtAlgorithms: "HS256" })).toEqual(["authJwtAlgorithms"]);
    expect(jwks("keys.json", { authJwtAlgorithms: "none" })).toEqual(["authJwtAlgorithms"]);
  });

  test("a secret cannot be given as a flag", () => {
    const { stdout } = spawnSync(process.execPath, ["server/dist/main.js", "serve", "--help"], {
      encoding: "utf8",
    });
    expect(stdout).toContain("--auth-jwt-key-file");
    expect(stdout).not.toContain("--auth-jwt-key ");
  });

  test("a wrong configuration stops the start with exit code 2 and every fault", () => {
    const flags = ["--grpc-address=0.0.0.0:0", "--call-timeout-ms=0", "--store=x"];
    const { status, stderr } = spawnSync(
      process.execPath,
      ["server/dist/main.js", "serve", ...flags],
      { encoding: "utf8" },
    );
    expect(status).toBe(2);
    expect(stderr).toContain("callTimeoutMs:");
  });

  test("the reference has every setting", () => {
    const reference = readFileSync("docs/reference/configuration.md", "utf8");
    const rows = (table: string) =>
      table
        .split("\n")
        .filter((line) => line.startsWith("| `"))
        .map((line) => line.split("|").map((cell) => cell.trim()));
    expect(rows(reference)).toEqual(rows(describeSettings()));
  });
});

test("npm start, the image, the benchmarks and the documentation give Node the same memory", () => {
  const files = [
    "package.json",
    "Dockerfile",
    "bench/contenders/server-process.ts",
    "docs/reference/configuration.md",
  ];
  const flags = files.map((file) => readFileSync(file, "utf8").match(/--max-semi-space-size=\d+/g));
  expect(new Set(flags.flat())).toEqual(new Set(["--max-semi-space-size=32"]));
  expect(flags).not.toContain(null);
});
