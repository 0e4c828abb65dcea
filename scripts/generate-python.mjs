// Generates the Python client's code from the contract with grpcio-tools. With --check it only says
// whether the committed code is what would be generated.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonMissing, pythonWith } from "./clients/python.mjs";

const committed = "clients/python/src";
const check = process.argv.includes("--check");
const missing = pythonMissing();
if (missing !== undefined) {
  console.log(`SKIPPED the Python client's generated code: ${missing}`);
  process.exit(check ? 0 : 1);
}
const python = pythonWith(["grpcio-tools==1.76.0"]);
const folder = check ? mkdtempSync(join(tmpdir(), "annals-generated-")) : committed;
try {
  mkdirSync(join(folder, "annals/v1"), { recursive: true });
  const contract = readdirSync("proto/annals/v1").map((name) => join("proto/annals/v1", name));
  const out = ["--python_out", "--pyi_out", "--grpc_python_out"].map((flag) => `${flag}=${folder}`);
  const arguments_ = ["-m", "grpc_tools.protoc", "-Iproto", ...out, ...contract];
  execFileSync(python, arguments_, { stdio: "inherit" });
  if (check) {
    const fresh = join(folder, "annals/v1");
    const ignored = ["--exclude=__init__.py", "--exclude=__pycache__"];
    const pair = [join(committed, "annals/v1"), fresh];
    const { status } = spawnSync("diff", ["-r", ...ignored, ...pair], { stdio: "inherit" });
    if (status !== 0) console.error("the Python client is stale: run `npm run generate:clients`");
    process.exitCode = status;
  }
} finally {
  if (check) rmSync(folder, { recursive: true });
}
