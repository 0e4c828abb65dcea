// Generates the code, the API reference and the SDK's anew beside the committed ones and fails when they differ.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "annals-generated-"));
try {
  execFileSync("buf", ["generate", "-o", folder], { stdio: "inherit" });
  execFileSync("node", ["scripts/generate-api-reference.mjs", folder], { stdio: "inherit" });
  execFileSync("node", ["scripts/generate-sdk-reference.mjs", join(folder, "sdk")], {
    stdio: "inherit",
  });
  const pairs = [
    ["proto/gen", join(folder, "proto/gen")],
    ["docs/reference/api.md", join(folder, "api.md")],
    ["docs/reference/sdk", join(folder, "sdk")],
  ];
  for (const [committed, fresh] of pairs) {
    const { status } = spawnSync("diff", ["-r", committed, fresh], { stdio: "inherit" });
    if (status === 0) continue;
    console.error(`${committed} is stale: run \`npm run generate\``);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
