import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Why there is no Go to run; undefined: there is one. */
export function goMissing() {
  if (!existsSync("clients/go/go.mod")) return "there is no client";
  const { status } = spawnSync("go", ["version"], { stdio: "ignore" });
  return status === 0 ? undefined : "go is not there";
}
