// Generates the code anew beside the committed one and fails when they differ.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "annals-generated-"));
try {
  execFileSync("buf", ["generate", "-o", folder], { stdio: "inherit" });
  const fresh = join(folder, "proto/gen");
  const { status } = spawnSync("diff", ["-r", "proto/gen", fresh], { stdio: "inherit" });
  if (status !== 0) {
    console.error("proto/gen is stale: run `npm run generate`");
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
