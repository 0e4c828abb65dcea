import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** On what, and with what, it was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** "linux 6.1.0". */
  readonly system: string;
  readonly node: string;
  /** By package. */
  readonly versions: Readonly<Record<string, string>>;
  /** Hash, with "+changes" when the files differ from it; "unknown" outside a repository. */
  readonly commit: string;
}

/** Packages on the road of a call. */
const packages = ["@annals/server", "@grpc/grpc-js", "@photostructure/sqlite", "pg"];

/** Looks around. */
export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    system: `${process.platform} ${release()}`,
    node: process.version,
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    commit: readCommit(),
  };
}

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  return (require(`${name}/package.json`) as { version: string }).version;
}

function readCommit(): string {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const hash = git("rev-parse", "--short=12", "HEAD").trim();
    return git("status", "--porcelain") === "" ? hash : `${hash}+changes`;
  } catch {
    return "unknown";
  }
}
